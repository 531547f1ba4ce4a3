import { describe, expect, it } from 'vitest';
import { fillDigitalSilence } from './fill-digital-silence.js';

describe('digital silence', () => {
  it('becomes faint noise', () => {
    const samples = new Float32Array(16_000);
    fillDigitalSilence(samples, 0);
    const power = samples.reduce((sum, value) => sum + value * value, 0) / samples.length;
    expect(Math.sqrt(power)).toBeCloseTo(1e-3, 4);
    expect(Math.max(...samples)).toBeLessThan(2e-3);
    expect(Math.abs(samples.reduce((sum, value) => sum + value, 0) / samples.length)).toBeLessThan(
      1e-4,
    );
  });

  it('is filled the same wherever a segment begins', () => {
    const whole = new Float32Array(4_000);
    fillDigitalSilence(whole, 1_000);
    const part = new Float32Array(2_000);
    fillDigitalSilence(part, 2_234);
    expect(part).toEqual(whole.slice(1_234, 3_234));
  });

  it('is only what is silent throughout: sound stays as it is', () => {
    const sound = Float32Array.from({ length: 1_600 }, (_, i) => 0.2 * Math.sin(i / 5));
    const samples = new Float32Array([...sound, ...new Float32Array(1_600), ...sound]);
    fillDigitalSilence(samples, 0);
    expect(samples.slice(0, 1_600)).toEqual(sound);
    expect(samples.slice(3_200)).toEqual(sound);
    expect(samples.slice(1_600, 3_200).every((value) => value !== 0)).toBe(true);
  });
});
