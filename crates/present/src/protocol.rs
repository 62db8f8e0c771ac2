//! Protocols in words: what the form lets choose from, and what it says of the choice.

use super::form;
use fwit_model::dialect::import::import;
use fwit_model::dialect::{BUILT_IN, CUSTOM, built_in};
use fwit_model::plan::{NodeDraft, PlanDraft};

/// The protocols to choose from: names in plans, and their titles.
#[must_use]
pub fn titles() -> Vec<(&'static str, String)> {
    let built_in = BUILT_IN.iter().filter_map(|name| Some((*name, built_in(name)?)));
    let title = |d: &fwit_model::dialect::Dialect| {
        let mark = if d.file().tested.is_empty() { " (untested)" } else { "" };
        format!("{}{mark}", d.file().title)
    };
    let mut all: Vec<(&str, String)> = built_in.map(|(name, d)| (name, title(&d))).collect();
    all.push((CUSTOM, "Your own, or any HTTP API".into()));
    all
}

/// What the form says of the chosen protocol.
#[must_use]
pub fn about(name: &str) -> String {
    if name == CUSTOM {
        return "A description of requests and answers, kept with the plan, its runs and its links."
            .into();
    }
    let Some(dialect) = built_in(name) else { return String::new() };
    let file = dialect.file();
    let tried = if file.tested.is_empty() {
        "Written from its documentation and not tried here: send a few requests first.".into()
    } else {
        format!("Tried with {}.", file.tested)
    };
    format!("{tried} {}", file.notes).trim_end().into()
}

/// The text of a built-in dialect, to make another of it.
#[must_use]
pub fn starting_point(name: &str) -> Option<String> {
    let mut file = built_in(name)?.file().clone();
    // What it was tried with is said of the original.
    file.tested.clear();
    Some(fwit_model::json::pretty(&file))
}

/// What stands in the form for a protocol of one's own at first: a plain key-value API.
#[must_use]
pub fn first_custom() -> String {
    include_str!("first_custom.json").trim_end().into()
}

/// Puts a dialect made of a text (curl commands, HAR, OpenAPI) into the draft, and the nodes that
/// the text names. Returns a sentence about what was taken and what was not.
///
/// # Errors
/// The text is none of these: a sentence; the draft stays as it is.
pub fn import_into(draft: &mut PlanDraft, text: &str) -> Result<String, String> {
    let made = import(text)?;
    let count = made.file.operations.len();
    form::edit(draft, |draft| {
        draft.dialect = CUSTOM.into();
        draft.custom = fwit_model::json::pretty(&made.file);
        draft.take_dialect();
        if !made.nodes.is_empty() {
            let node = |(i, url): (usize, &String)| NodeDraft {
                name: format!("n{}", i + 1),
                url: url.clone(),
                lanes: String::new(),
            };
            draft.nodes = made.nodes.iter().enumerate().map(node).collect();
        }
    });
    let operations = if count == 1 { "operation was" } else { "operations were" };
    let mut said = format!("{count} {operations} made; “Send one of each” tries them.");
    for note in &made.notes {
        said.push(' ');
        said.push_str(note);
    }
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_model::dialect::read;

    #[test]
    fn what_was_not_tried_says_so() {
        assert!(titles().contains(&("etcd", "etcd v3".into())));
        assert!(titles().contains(&("consul", "Consul KV (untested)".into())));
        assert!(about("etcd").starts_with("Tried with etcd 3.4.23"));
        assert!(about("consul").starts_with("Written from its documentation"));
    }

    #[test]
    fn what_was_pasted_stands_in_the_form() {
        let plan = fwit_model::plan::preset("quick").unwrap();
        let mut draft = PlanDraft::from_plan(&plan);
        let text = "curl -X PUT http://a:8080/items/x -d hello -H 'X-Api-Key: s3cret'";
        let said = import_into(&mut draft, text).unwrap();
        assert!(said.starts_with("1 operation was made") && said.contains("X-Api-Key"), "{said}");
        let made = draft.plan().unwrap();
        assert_eq!(made.cluster.nodes[0].url.to_string(), "http://a:8080");
        assert_eq!(made.mix, [("put_x".to_string(), 1)]);
        assert!(!draft.custom.contains("s3cret") && draft.subscribers == "0");
        let before = draft.clone();
        assert!(import_into(&mut draft, "nothing").is_err() && draft == before);
        // A plan with a dialect of its own survives its file and its link.
        let json = fwit_model::plan::wire::to_json(&made);
        assert_eq!(fwit_model::plan::wire::read(&json).as_ref(), Ok(&made));
        assert_eq!(fwit_model::plan::from_link(&fwit_model::plan::to_link(&made)), Ok(made));
    }

    #[test]
    fn what_one_starts_from_is_a_dialect() {
        for name in BUILT_IN {
            assert!(read(CUSTOM, &starting_point(name).unwrap()).is_ok(), "{name}");
        }
        assert!(read(CUSTOM, &first_custom()).is_ok());
        assert_eq!(starting_point("none"), None);
    }
}
