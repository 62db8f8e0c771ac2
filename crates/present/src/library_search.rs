//! The search of the list of runs: words that all must be found, and filters.
//!
//! `sticky tag:"base line" is:experiment`: capitals and accents make no difference.

use crate::library::{Card, CardKind};
use crate::library_words;
use fwit_report::run::view::Ended;

/// The kinds that `is:` knows.
pub const KINDS: [&str; 7] =
    ["experiment", "run", "simulated", "imported", "doubtful", "stopped", "recovered"];

/// What is searched for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Parts of words.
    words: Vec<String>,
    /// Whole tags.
    tags: Vec<String>,
    /// Parts of the tool's name.
    tools: Vec<String>,
    /// Some of [`KINDS`].
    kinds: Vec<String>,
}

impl Search {
    /// Reads what was typed: words with spaces between two, quotes around some that belong
    /// together, `tag:`, `tool:` and `is:` in front.
    #[must_use]
    pub fn parse(text: &str) -> Search {
        let mut search = Search::default();
        for word in split(text) {
            let word = fold(&word);
            let list = match word.split_once(':') {
                Some(("tag", tag)) if !tag.is_empty() => (&mut search.tags, tag),
                Some(("tool", tool)) if !tool.is_empty() => (&mut search.tools, tool),
                Some(("is", kind)) if KINDS.contains(&kind) => (&mut search.kinds, kind),
                _ => (&mut search.words, word.as_str()),
            };
            list.0.push(list.1.to_string());
        }
        search
    }

    /// Whether a run is found.
    #[must_use]
    pub fn finds(&self, card: &Card) -> bool {
        let tags = || card.labels.tags.iter().map(|tag| fold(&tag.replace('"', "")));
        let tool = fold(&card.tool);
        self.tags.iter().all(|wanted| tags().any(|tag| tag == *wanted))
            && self.tools.iter().all(|wanted| tool.contains(wanted))
            && self.kinds.iter().all(|kind| is(card, kind))
            && (self.words.is_empty() || {
                let text = text_of(card);
                self.words.iter().all(|word| text.contains(word))
            })
    }
}

/// The search with a filter for this tag in it.
#[must_use]
pub fn with_tag(search: &str, tag: &str) -> String {
    let tag = tag.replace('"', "");
    if Search::parse(search).tags.contains(&fold(&tag)) {
        return search.to_string();
    }
    let quoted = if tag.contains(char::is_whitespace) { format!("\"{tag}\"") } else { tag };
    format!("{search} tag:{quoted}").trim().to_string()
}

fn is(card: &Card, kind: &str) -> bool {
    match kind {
        "experiment" => card.kind == CardKind::Experiment,
        "run" => card.kind == CardKind::Run,
        "simulated" => card.simulated,
        "imported" => !card.tool.is_empty(),
        "doubtful" => card.doubts > 0,
        "stopped" => card.ended == Ended::Stopped,
        "recovered" => card.ended == Ended::Recovered,
        _ => false,
    }
}

/// All that words are looked for in; lines keep what does not belong together apart.
fn text_of(card: &Card) -> String {
    let parts = [
        card.name.as_str(),
        &card.labels.tags.join("\n"),
        &card.labels.note,
        &card.tool,
        &card.words,
        &library_words::plan(card),
        &card.id,
    ];
    fold(&parts.join("\n"))
}

/// Splits at spaces that stand in no quotes; the quotes go.
fn split(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in text.chars().chain([' ']) {
        match c {
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    // A quote that is not closed reaches to the end.
    words.push(word.trim_end().to_string());
    words.retain(|word| !word.is_empty());
    words
}

/// Small letters without the accents of European alphabets.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            // Accents that stand behind their letter.
            '\u{300}'..='\u{36f}' => {}
            'à'..='å' | 'ā' | 'ă' | 'ą' => out.push('a'),
            'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => out.push('c'),
            'ď' | 'đ' => out.push('d'),
            'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => out.push('e'),
            'ĝ' | 'ğ' | 'ġ' | 'ģ' => out.push('g'),
            'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => out.push('i'),
            'ĺ' | 'ļ' | 'ľ' | 'ł' => out.push('l'),
            'ñ' | 'ń' | 'ņ' | 'ň' => out.push('n'),
            'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => out.push('o'),
            'ŕ' | 'ŗ' | 'ř' => out.push('r'),
            'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => out.push('s'),
            'ţ' | 'ť' | 'ț' => out.push('t'),
            'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => out.push('u'),
            'ý' | 'ÿ' => out.push('y'),
            'ź' | 'ż' | 'ž' => out.push('z'),
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_report::run::labels::Labels;
    use fwit_report::run::sample::sample;

    fn card() -> Card {
        let labels = Labels::typed("Base line, größe", "After the\nupdate to 1.2").unwrap();
        Card { name: "Señor Sticky".into(), labels, ..Card::of(&sample("r1", 1.0), 1) }
    }

    fn finds(text: &str) -> bool {
        Search::parse(text).finds(&card())
    }

    #[test]
    fn all_words_must_be_found_wherever_they_stand() {
        for text in [
            "",
            "  ",
            "sticky",
            "SEN stick",
            "senor",
            "base",
            "GRÖSSE",
            "update 1.2",
            "r1",
            "\"after the\"",
            "n1",
            "127.0.0.1",
            "insi",
            "50 entities",
            "sen\u{303}or",
        ] {
            assert!(finds(text), "{text}");
        }
        for text in ["stucky", "sticky nothing", "\"sticky base\"", "\"the update\""] {
            assert!(!finds(text), "{text}");
        }
    }

    #[test]
    fn filters_narrow() {
        for text in
            ["tag:\"base line\"", "tag:grosse", "is:run", "is:run tag:GRÖßE sticky", "TAG:größe"]
        {
            assert!(finds(text), "{text}");
        }
        for text in ["tag:base", "is:experiment", "is:simulated", "tool:k6", "is:nothing", "tag:x"]
        {
            assert!(!finds(text), "{text}");
        }
        let k6 = Card { tool: "k6".into(), simulated: true, doubts: 1, ..card() };
        for text in ["tool:K6", "is:imported", "is:simulated is:doubtful", "k6"] {
            assert!(Search::parse(text).finds(&k6), "{text}");
        }
        let all = |kind: &str| {
            let card = Card { ended: Ended::Stopped, kind: CardKind::Experiment, ..card() };
            Search::parse(&format!("is:{kind}")).finds(&card)
        };
        assert_eq!(KINDS.map(all), [true, false, false, false, false, true, false]);
        // An address is no filter, and a filter in the making is a word.
        assert!(finds("http://127.0.0.1") && !finds("tag:") && !finds("is:"));
    }

    #[test]
    fn a_tag_is_put_into_the_search_once() {
        let search = with_tag("sticky", "Base line");
        assert_eq!(search, "sticky tag:\"Base line\"");
        assert_eq!(with_tag(&search, "base LINE"), search);
        assert_eq!(with_tag("", "größe"), "tag:größe");
        assert!(finds(&search));
        let quotes = Card { labels: Labels::typed("a\"b", "").unwrap(), ..card() };
        assert!(Search::parse(&with_tag("", "a\"b")).finds(&quotes));
    }
}
