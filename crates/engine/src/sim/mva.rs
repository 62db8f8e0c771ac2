//! Exact mean-value analysis of closed queueing networks: what a simulated or real cluster should
//! do on average.
//!
//! All times in one unit (milliseconds in the reference values), rates per that unit. Stations are
//! single servers that share their capacity or have exponential service (product form); delays have
//! no queue.
//!
//! Source: Reiser and Lavenberg, "Mean-Value Analysis of Closed Multichain Queueing Networks", JACM
//! 27, 1980; machine repairman: Kleinrock, *Queueing Systems* I, 3.8.

use fwit_stats::error::{StatsError, within};

/// Most population states (product of class sizes + 1) times stations that are computed.
pub const LARGEST: usize = 20_000_000;

/// A solved network of one class.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    /// Cycles per unit of time of the whole population.
    pub throughput: f64,
    /// Time per cycle in stations and delays (without think time).
    pub response: f64,
    /// Time per cycle at each station.
    pub residence: Vec<f64>,
    /// Mean number at each station.
    pub queue: Vec<f64>,
    /// What an arrival finds at each station: the mean number with one entity less.
    pub found: Vec<f64>,
}

/// A network of one class: `demand[k]` is the service time per cycle at station k, `delay` the time
/// per cycle in delays, `think` the time between cycles, `n` the population.
///
/// # Errors
/// A time that is negative or not finite, or all of them 0.
pub fn single(demand: &[f64], delay: f64, think: f64, n: u32) -> Result<Solution, StatsError> {
    let all = multi(&[demand.to_vec()], &[delay], &[think], &[n])?;
    let [class]: [Class; 1] = all.try_into().map_err(|_| StatsError::TooFew {
        what: "mean-value analysis",
        needed: 1,
        found: 0,
    })?;
    let found = class.found;
    Ok(Solution {
        throughput: class.throughput,
        response: class.response,
        residence: class.residence,
        queue: class.queue,
        found,
    })
}

/// One class of a solved network.
#[derive(Debug, Clone, PartialEq)]
pub struct Class {
    /// Cycles per unit of time of this class.
    pub throughput: f64,
    /// Time per cycle in stations and delays.
    pub response: f64,
    /// Time per cycle at each station.
    pub residence: Vec<f64>,
    /// Mean number of this class at each station.
    pub queue: Vec<f64>,
    /// What an arrival of this class finds at each station, all classes together.
    pub found: Vec<f64>,
}

/// A network of several classes: `demand[c][k]`, `delay[c]`, `think[c]` and `population[c]` per
/// class.
///
/// # Errors
/// Different lengths, no class, a time that is negative or not finite, a class without any time, or
/// more states than [`LARGEST`].
pub fn multi(
    demand: &[Vec<f64>],
    delay: &[f64],
    think: &[f64],
    population: &[u32],
) -> Result<Vec<Class>, StatsError> {
    let what = "mean-value analysis";
    let classes = demand.len();
    if classes == 0 {
        return Err(StatsError::TooFew { what, needed: 1, found: 0 });
    }
    let stations = demand[0].len();
    let lengths = demand.iter().map(Vec::len).map(|l| (l, stations));
    for (left, right) in lengths
        .chain([delay, think].map(|v| (v.len(), classes)))
        .chain([(population.len(), classes)])
    {
        if left != right {
            return Err(StatsError::Lengths { what, left, right });
        }
    }
    for (index, &value) in demand.iter().flatten().chain(delay).chain(think).enumerate() {
        if !(value.is_finite() && value >= 0.0) {
            return Err(StatsError::BadValue { what, index, value, wanted: "a time of 0 or more" });
        }
    }
    for c in 0..classes {
        if demand[c].iter().sum::<f64>() + delay[c] + think[c] <= 0.0 {
            return Err(StatsError::NoSpread { what });
        }
    }
    let states = population.iter().map(|&n| f64::from(n) + 1.0).product::<f64>();
    within(
        "the states of the mean-value analysis",
        states * stations.max(1) as f64,
        0.0,
        LARGEST as f64,
    )?;
    // Station queues of every population vector, in mixed radix order: each state comes after the
    // smaller ones.
    let mut stride = vec![1_usize; classes];
    for c in 1..classes {
        stride[c] = stride[c - 1] * (population[c - 1] as usize + 1);
    }
    let states = states as usize;
    let mut queues = vec![0.0; states * stations];
    let mut now = vec![0_u32; classes];
    let mut out: Vec<Class> = (0..classes)
        .map(|_| Class {
            throughput: 0.0,
            response: 0.0,
            residence: vec![0.0; stations],
            queue: vec![0.0; stations],
            found: vec![0.0; stations],
        })
        .collect();
    for state in 1..states {
        for (c, n) in now.iter_mut().enumerate() {
            *n = (state / stride[c] % (population[c] as usize + 1)) as u32;
        }
        let last = state + 1 == states;
        for c in (0..classes).filter(|&c| now[c] > 0) {
            let before = (state - stride[c]) * stations;
            let mut response = delay[c];
            for k in 0..stations {
                response += demand[c][k] * (1.0 + queues[before + k]);
            }
            let throughput = f64::from(now[c]) / (think[c] + response);
            for k in 0..stations {
                let found = queues[before + k];
                let residence = demand[c][k] * (1.0 + found);
                queues[state * stations + k] += throughput * residence;
                if last {
                    out[c].residence[k] = residence;
                    out[c].queue[k] = throughput * residence;
                    out[c].found[k] = found;
                }
            }
            if last {
                (out[c].throughput, out[c].response) = (throughput, response);
            }
        }
    }
    Ok(out)
}

/// The machine repairman, M/M/1//N.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Repairman {
    /// Chance that the server is idle.
    pub idle: f64,
    /// Services per unit of time.
    pub throughput: f64,
    /// Mean number at the server.
    pub queue: f64,
    /// Time at the server.
    pub response: f64,
}

/// One server of mean `service`, `n` clients that each think `think` between two requests; both
/// exponential.
///
/// # Errors
/// No client, or a time that is not positive and finite.
pub fn repairman(n: u32, think: f64, service: f64) -> Result<Repairman, StatsError> {
    within("the number of clients", f64::from(n), 1.0, 1e7)?;
    within("the think time", think, f64::MIN_POSITIVE, f64::MAX)?;
    within("the service time", service, f64::MIN_POSITIVE, f64::MAX)?;
    // Terms relative to the largest so far, so that N!/(N-n)! never overflows.
    let rho = service / think;
    let (mut term, mut sum) = (1.0_f64, 1.0_f64);
    let mut idle = 1.0_f64;
    for i in 0..n {
        term *= f64::from(n - i) * rho;
        sum += term;
        if sum > 1e200 {
            (term, sum, idle) = (term / sum, 1.0, idle / sum);
        }
    }
    idle /= sum;
    let throughput = (1.0 - idle) / service;
    let response = f64::from(n) / throughput - think;
    Ok(Repairman { idle, throughput, queue: throughput * response, response })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::{all, assert_close, list, num};
    use proptest::prelude::*;

    fn case(src: &str) -> serde_json::Value {
        let v = all();
        let found =
            v["mva"].as_array().unwrap().iter().find(|c| c["src"].as_str().unwrap().contains(src));
        found.unwrap().clone()
    }

    fn visits(v: &serde_json::Value, think: f64) -> (Solution, Vec<f64>) {
        let visits = list(&v["V"]);
        let demand: Vec<f64> = list(&v["S"]).iter().zip(&visits).map(|(s, v)| s * v).collect();
        (single(&demand, 0.0, think, num(&v["N"]) as u32).unwrap(), visits)
    }

    #[test]
    fn single_class_reference_values() {
        let v = case("Jain");
        let (s, times) = visits(&v, num(&v["Z"]));
        assert_close(&[s.throughput, s.response], &[num(&v["calc_X"]), num(&v["calc_R"])], 1e-6);
        assert_close(&s.queue, &list(&v["Q"]), 5e-4);
        let per_visit: Vec<f64> = s.residence.iter().zip(&times).map(|(r, v)| r / v).collect();
        assert_close(&per_visit, &list(&v["R_per_visit"]), 5e-4);
        let v = case("Bolch");
        let (s, times) = visits(&v, 0.0);
        assert_close(&s.queue, &list(&v["Q"]), 1e-3);
        let rates: Vec<f64> = times.iter().map(|v| v * s.throughput).collect();
        assert_close(&rates, &list(&v["X"]), 1e-3);
        let s = single(&[1.0, 2.0], 0.0, 0.0, 3).unwrap();
        assert_close(&[s.throughput, s.response], &[7.0 / 15.0, 6.428_571_428_571_429], 1e-12);
        assert_close(&s.queue, &[11.0 / 15.0, 34.0 / 15.0], 1e-12);
    }

    #[test]
    fn multi_class_reference_values() {
        let v = case("QSP");
        let demand: Vec<Vec<f64>> = v["D"].as_array().unwrap().iter().map(list).collect();
        let classes = multi(&demand, &[0.0; 2], &[0.0; 2], &[1, 1]).unwrap();
        for (c, class) in classes.iter().enumerate() {
            assert_close(&[class.throughput], &[num(&v["X"][c])], 1e-12);
            assert_close(&class.queue, &list(&v["Q"][c]), 1e-12);
            assert_close(&class.residence, &list(&v["R"][c]), 1e-12);
        }
        let v = case("Schwetman");
        let s = list(&v["S"]);
        let classes =
            multi(&[vec![s[0]], vec![s[1]]], &[0.0; 2], &list(&v["Z"]), &[15, 5]).unwrap();
        let of = |f: fn(&Class) -> f64| classes.iter().map(f).collect::<Vec<_>>();
        assert_close(&of(|c| c.throughput), &list(&v["X"]), 1e-3);
        assert_close(&of(|c| c.response), &list(&v["R"]), 1e-3);
        assert_close(&of(|c| c.queue[0]), &list(&v["Q"]), 1e-3);
    }

    #[test]
    fn repairman_reference_values() {
        for v in
            all()["mva"].as_array().unwrap().iter().filter(|c| c["src"] == "calc machine repairman")
        {
            let r = repairman(num(&v["N"]) as u32, num(&v["Z"]), num(&v["S"])).unwrap();
            let wanted = ["P0", "X", "Q", "R"].map(|k| num(&v[k]));
            assert_close(&[r.idle, r.throughput, r.queue, r.response], &wanted, 1e-6);
        }
        let big = repairman(2000, 1.0, 10.0).unwrap();
        assert!((big.throughput - 0.1).abs() < 1e-12 && (big.response - 19_999.0).abs() < 1e-3);
    }

    #[test]
    fn bad_networks_are_refused() {
        assert!(multi(&[], &[], &[], &[]).is_err() && single(&[0.0], 0.0, 0.0, 5).is_err());
        assert!(single(&[-1.0], 0.0, 1.0, 5).is_err() && single(&[1.0], f64::NAN, 1.0, 5).is_err());
        assert!(multi(&[vec![1.0], vec![1.0, 2.0]], &[0.0; 2], &[0.0; 2], &[1, 1]).is_err());
        assert!(multi(&vec![vec![1.0]; 4], &[0.0; 4], &[0.0; 4], &[1000; 4]).is_err());
        assert!(repairman(0, 1.0, 1.0).is_err() && repairman(5, 0.0, 1.0).is_err());
        assert_eq!(single(&[1.0], 0.0, 1.0, 0).unwrap().throughput, 0.0);
        assert!((single(&[], 3.0, 1.0, 8).unwrap().throughput - 2.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn the_bounds_of_operational_analysis_hold(
            demand in prop::collection::vec(0.01_f64..5.0, 1..5), delay in 0.0_f64..20.0, think in 0.0_f64..20.0, n in 1_u32..60,
        ) {
            let s = single(&demand, delay, think, n).unwrap();
            let (sum, largest) = (demand.iter().sum::<f64>(), demand.iter().fold(0.0_f64, |a, b| a.max(*b)));
            prop_assert!(s.throughput <= (f64::from(n) / (sum + delay + think)).min(1.0 / largest) + 1e-12);
            // Little's law over the whole cycle.
            prop_assert!((s.throughput * (think + s.response) - f64::from(n)).abs() < 1e-9 * f64::from(n));
            // One class split in two equal ones behaves as the one.
            if n % 2 == 0 && n <= 30 {
                let two = multi(&vec![demand; 2], &[delay; 2], &[think; 2], &[n / 2; 2]).unwrap();
                prop_assert!((two[0].throughput * 2.0 - s.throughput).abs() < 1e-9);
            }
        }
    }
}
