//! Names of experiments that nobody named: the question, and what it is asked of.

use super::draft::Template;
use super::model::Experiment;
use fwit_model::plan::name::NameParts;

impl Experiment {
    /// The experiment, with a name that says what it is about where it has none or only that of its
    /// question.
    #[must_use]
    pub fn named(mut self) -> Experiment {
        let name = self.file.name.trim();
        let question = Template::ALL.into_iter().map(Template::label).find(|l| *l == name);
        if !name.is_empty() && question.is_none() {
            return self;
        }
        let parts: Vec<NameParts> = self.arms.iter().map(|arm| NameParts::of(&arm.plan)).collect();
        let Some(first) = parts.first() else { return self };
        let same_sticky = parts.iter().all(|p| p.sticky == first.sticky);
        let of = first.join(same_sticky);
        self.file.name = match question {
            Some(question) if question.ends_with('?') => format!("{question} {of}"),
            Some(question) => format!("{question}: {of}"),
            None => of,
        };
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{ExperimentDraft, sticky_or_not};
    use fwit_model::plan::preset;

    fn named(template: Template, plan: &str) -> String {
        let plan = preset(plan).unwrap();
        let draft = ExperimentDraft::of(template, &plan);
        draft.experiment(&plan).unwrap().named().file.name
    }

    #[test]
    fn a_name_nobody_chose_says_what_the_question_is_of() {
        let sticky = named(Template::Sticky, "quick");
        assert_eq!(sticky, "Sticky or not? 50 entities, 3 nodes");
        let simulated = named(Template::Sticky, "busy leader");
        assert_eq!(simulated, "Sticky or not? busy leader, 50 entities");
        let same = named(Template::Same, "quick");
        assert_eq!(same, "The same twice (A-A): 50 entities, sticky, 3 nodes");
    }

    #[test]
    fn a_users_own_name_stays() {
        let mut file = sticky_or_not(&preset("quick").unwrap());
        file.name = "after the update".into();
        let own = Experiment::from_file(&file).unwrap();
        assert_eq!(own.clone().named(), own);
    }
}
