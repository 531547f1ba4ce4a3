// Words that show where a line may break in text without punctuation. Not complete: only frequent words, and only
// those which are seldom anything else.

export type FunctionWords = {
  /** Begin a clause: the best place to break is before one. */
  conjunctions: ReadonlySet<string>;
  /** Begin a phrase: a good place to break is before one. */
  prepositions: ReadonlySet<string>;
  /** Belong to the word after them: articles, possessives, auxiliaries, subject pronouns. */
  leaning: ReadonlySet<string>;
};

const none: FunctionWords = {
  conjunctions: words(''),
  prepositions: words(''),
  leaning: words(''),
};

const functionWords: Record<string, FunctionWords> = {
  en: {
    conjunctions: words(`and but or nor so because although though while whereas if unless until
      when whenever where wherever that which who whom whose since than whether as`),
    prepositions: words(`of in on at by for with from to into onto about over under after before
      between through during without within against among across around behind near toward towards
      upon via like despite except per called named`),
    leaning: words(`a an the this these those my your his her its our their some any no every each
      another i you he she it we they is are was were be been am has have had do does did will would
      can could shall should may might must not very too more most quite i'm you're he's she's it's
      we're they're i've you've we've they've i'll you'll he'll she'll we'll they'll don't doesn't
      didn't can't couldn't won't wouldn't isn't aren't wasn't weren't there's that's what's
      let's mr mrs ms dr`),
  },
  de: {
    conjunctions: words(`und aber oder denn sondern weil dass ob wenn als obwohl damit während
      bevor nachdem sobald falls sodass welche welcher welches wobei wo`),
    prepositions: words(`in im an am auf aus bei beim mit nach von vom zu zum zur für durch gegen
      ohne um über unter vor hinter neben zwischen seit bis wegen trotz`),
    leaning: words(`der die das den dem des ein eine einen einem einer eines kein keine keinen
      mein meine dein deine sein seine ihr ihre unser unsere dieser diese dieses ich du er sie es wir
      ist sind war waren bin bist hat haben hatte habe wird werden wurde kann können nicht sehr`),
  },
  es: {
    conjunctions: words(
      `y e o pero sino porque aunque mientras si cuando donde que quien como pues`,
    ),
    prepositions: words(
      `de del a al en con por para sin sobre entre desde hasta hacia según contra`,
    ),
    leaning: words(`el la los las un una unos unas este esta estos estas mi tu su sus mis tus
      nuestro nuestra yo él ella nosotros ellos es son era eran fue ha han he había no muy más se
      me te le les lo está están`),
  },
  fr: {
    conjunctions: words(`et mais ou donc car parce lorsque quand si que qui dont où comme puisque`),
    prepositions: words(`de du des à au aux en dans sur sous avec sans pour par chez vers entre
      depuis pendant contre avant après`),
    leaning: words(`le la les un une ce cet cette ces mon ma mes ton ta tes son sa ses notre nos
      votre vos leur leurs je tu il elle on nous vous ils elles est sont était a ont ai as avait ne
      pas très plus se me te y`),
  },
  it: {
    conjunctions: words(`e ed o ma perché anche se quando dove che chi come mentre quindi però`),
    prepositions: words(`di del della dei delle dello a al alla ai alle da dal dalla in nel nella
      con su sul sulla per tra fra senza`),
    leaning: words(`il lo la i gli le un uno una questo questa mio mia tuo tua suo sua nostro
      nostra io lui lei noi loro è sono era ha hanno ho non molto più si mi ti ci vi`),
  },
  nl: {
    conjunctions: words(`en maar of want omdat dat als toen terwijl hoewel die waar wie zodat`),
    prepositions: words(`van in op aan bij met voor door uit naar over onder tussen zonder tegen om
      tot sinds tijdens`),
    leaning: words(`de het een deze dit mijn jouw zijn haar ons onze hun ik jij je hij zij ze wij we
      is was waren ben heeft hebben had kan zal niet heel zeer`),
  },
  pt: {
    conjunctions: words(`e ou mas porque embora enquanto se quando onde que quem como pois`),
    prepositions: words(`de do da dos das a ao à em no na nos nas com por pelo pela para sem sobre
      entre desde até`),
    leaning: words(`o os as um uma este esta esse essa meu minha teu tua seu sua nosso nossa eu ele
      ela nós eles é são era foi tem têm não muito mais me te lhe está estão`),
  },
};

/** The words of a BCP 47 language; of none for a language not listed, of English for an unknown one. */
export function functionWordsOf(language: string | null): FunctionWords {
  const [primary = 'en'] = (language ?? 'en').toLowerCase().split('-');
  return functionWords[primary] ?? none;
}

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(/\s+/u).filter((word) => word !== ''));
}
