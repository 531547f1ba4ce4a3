export { createLogger, type Log, type LogLevel } from './create-logger.js';
