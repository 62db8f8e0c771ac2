//! Known labels first: do the node, the role, a redirect or a new connection explain the latencies?
//!
//! eta squared = between-group over total sum of squares of ln latency (Fisher, *Statistical
//! Methods for Research Workers*, 1925): the share of the variation that the label explains. From
//! 0.5 on, the latency groups are that label's groups.

use super::super::buckets::Buckets;

/// A label explains the groups from this eta squared on.
pub const EXPLAINS: f64 = 0.5;
/// Fewest requests of a group: 22 requests over 10 groups reach [`EXPLAINS`] by chance in 21 %.
pub const FEWEST_IN_GROUP: u64 = 10;

/// The requests of one operation, split by one label.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelling {
    /// The label, such as "node", "role", "redirected" or "connection".
    pub label: String,
    /// Group name ("n2", "leader", "yes") and its latencies (microseconds).
    pub groups: Vec<(String, Buckets)>,
}

/// What a label explains.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// The label.
    pub label: String,
    /// Share of the variation of ln latency, 0 to 1.
    pub eta_squared: f64,
    /// The groups that have samples, fastest median first.
    pub groups: Vec<Group>,
}

/// One group of a label.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its requests.
    pub count: u64,
    /// Median, in the unit of the input.
    pub p50: f64,
    /// 99th percentile.
    pub p99: f64,
}

/// Eta squared of a label, over its groups of [`FEWEST_IN_GROUP`] requests and more; `None` with
/// fewer than two of those, or no variation.
#[must_use]
pub fn explained(labelling: &Labelling) -> Option<Explained> {
    // Per group: count, mean of ln, and the whole sum of squares about 0 of ln less the first value
    // seen.
    let mut shift = None;
    let (mut n, mut sum, mut squares, mut between) = (0.0, 0.0, 0.0, 0.0);
    let mut groups = Vec::new();
    for (name, sample) in labelling.groups.iter().filter(|g| g.1.total() >= FEWEST_IN_GROUP) {
        let (mut group_n, mut group_sum) = (0.0, 0.0);
        for b in sample.buckets() {
            let middle = b.low + b.width / 2.0;
            if middle > 0.0 {
                let ln = libm::log(middle);
                let d = ln - *shift.get_or_insert(ln);
                group_n += b.count as f64;
                group_sum += b.count as f64 * d;
                squares += b.count as f64 * d * d;
            }
        }
        if group_n > 0.0 {
            n += group_n;
            sum += group_sum;
            between += group_sum * group_sum / group_n;
            let at = |p| sample.quantile(p).unwrap_or(f64::NAN);
            groups.push(Group {
                name: name.clone(),
                count: sample.total(),
                p50: at(0.5),
                p99: at(0.99),
            });
        }
    }
    let total = squares - sum * sum / n;
    if groups.len() < 2 || total <= 1e-12 * squares.max(1e-300) {
        return None;
    }
    groups.sort_by(|a, b| a.p50.total_cmp(&b.p50));
    let eta_squared = ((between - sum * sum / n) / total).clamp(0.0, 1.0);
    Some(Explained { label: labelling.label.clone(), eta_squared, groups })
}

/// The label that explains most, whether or not it is enough.
#[must_use]
pub fn best(labellings: &[Labelling]) -> Option<Explained> {
    labellings.iter().filter_map(explained).max_by(|a, b| a.eta_squared.total_cmp(&b.eta_squared))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    fn group(s: &mut Stream, name: &str, n: usize, median: f64) -> (String, Buckets) {
        let v: Vec<f64> = (0..n).map(|_| s.lognormal(median, 0.1)).collect();
        (name.to_owned(), Buckets::from_values(&v, 0.0).unwrap())
    }

    #[test]
    fn the_node_explains_and_the_connection_does_not() {
        let mut s = Stream::new(1, "labels", 0);
        let node = Labelling {
            label: "node".to_owned(),
            groups: vec![
                group(&mut s, "n1", 500, 40.0),
                group(&mut s, "n2", 500, 20.0),
                group(&mut s, "n3", 500, 20.0),
            ],
        };
        let connection = Labelling {
            label: "connection".to_owned(),
            groups: vec![group(&mut s, "new", 50, 30.0), group(&mut s, "reused", 1450, 30.0)],
        };
        let found = best(&[connection.clone(), node]).unwrap();
        // ln 2 apart, a third against two thirds: SSB/n = 0.1068, within 0.01: 0.914.
        assert!(found.label == "node" && (found.eta_squared - 0.914).abs() < 0.02, "{found:?}");
        assert_eq!((found.groups[2].name.as_str(), found.groups[2].count), ("n1", 500));
        assert!(explained(&connection).unwrap().eta_squared < 0.02);
    }

    /// 22 requests over 10 nodes that are all alike. By numpy, over all groups, the share that
    /// reaches 0.5 is 32 % for these counts, and 22 % where each request asks any node.
    #[test]
    fn few_requests_a_group_explain_nothing() {
        let reach = |of: &[usize]| {
            let one = |seed: &u64| {
                let mut s = Stream::new(*seed, "few", 0);
                let groups = of.iter().map(|n| group(&mut s, "n", *n, 20.0)).collect();
                let found = explained(&Labelling { label: "node".to_owned(), groups });
                found.is_some_and(|found| found.eta_squared >= EXPLAINS)
            };
            (0..200).filter(one).count()
        };
        assert_eq!(reach(&[2, 2, 2, 2, 2, 2, 2, 2, 3, 3]), 0);
        assert_eq!(reach(&[10; 10]), 0);
        // A group too small does not hide the others.
        let mut s = Stream::new(1, "few", 1);
        let groups = vec![
            group(&mut s, "n1", 100, 40.0),
            group(&mut s, "n2", 100, 20.0),
            group(&mut s, "n3", 9, 80.0),
        ];
        let found = explained(&Labelling { label: "node".to_owned(), groups }).unwrap();
        assert!(found.groups.len() == 2 && found.eta_squared > 0.8, "{found:?}");
    }

    #[test]
    fn nothing_to_explain() {
        let one = |v: &[f64]| Buckets::from_values(v, 0.0).unwrap();
        let of = |groups| explained(&Labelling { label: String::new(), groups });
        assert!(of(vec![]).is_none() && of(vec![("a".to_owned(), one(&[1.0, 2.0]))]).is_none());
        assert!(
            of(vec![("a".to_owned(), one(&[2.0; 9])), ("b".to_owned(), one(&[2.0; 9]))]).is_none()
        );
        assert!(
            of(vec![("a".to_owned(), one(&[])), ("b".to_owned(), one(&[-1.0, 0.0]))]).is_none()
        );
    }
}
