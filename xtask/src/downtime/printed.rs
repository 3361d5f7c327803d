//! Samples of earlier runs, from what these printed: a run takes an hour, and one that was
//! interrupted need not be lost.

use super::{CPUS, Sample, Series, Way};
use crate::Outcome;

/// Initrd in MiB, number and CPU of a round, and its samples.
type Round<'t> = (usize, usize, &'t str, Vec<(Way, Sample)>);

/// Adds the samples of each whole round in `text`, the printed lines of one run. A round that lacks a
/// way is left out, for ratios are those of a round's pairs.
pub fn add(text: &str, all: &mut Vec<Series>) -> Outcome {
    let mut rounds: Vec<Round<'static>> = Vec::new();
    for line in text.lines().filter(|line| line.contains(": Sample {")) {
        let (mib, round, cpu, way, sample) =
            parsed(line).ok_or_else(|| format!("not a line of a sample: {line}"))?;
        match rounds.last_mut() {
            Some(last) if (last.0, last.1, last.2) == (mib, round, cpu) => {
                last.3.push((way, sample))
            }
            _ => rounds.push((mib, round, cpu, vec![(way, sample)])),
        }
    }
    for (mib, _, cpu, samples) in rounds {
        let whole = Way::ALL
            .iter()
            .all(|way| samples.iter().any(|(of, _)| of == way));
        for (way, sample) in samples.into_iter().filter(|_| whole) {
            let same =
                |series: &&mut Series| (series.mib, series.cpu, series.way) == (mib, cpu, way);
            match all.iter_mut().find(same) {
                Some(series) => series.samples.push(sample),
                None => all.push(Series {
                    cpu,
                    mib,
                    way,
                    samples: vec![sample],
                }),
            }
        }
    }
    Ok(())
}

/// `300 MiB, round 2, with SHA-NI, libkexec -c: Sample { downtime: 0.945, … }`.
fn parsed(line: &str) -> Option<(usize, usize, &'static str, Way, Sample)> {
    let (head, sample) = line.split_once(": Sample {")?;
    let (mib, head) = head.split_once(" MiB, round ")?;
    let (round, head) = head.split_once(", ")?;
    let (cpu, way) = head.split_once(", ")?;
    let (_, cpu) = CPUS.iter().find(|(_, name)| *name == cpu)?;
    let way = Way::ALL.into_iter().find(|of| of.name() == way)?;
    let field = |name: &str| -> Option<f64> {
        let (_, rest) = sample.split_once(&format!(" {name}: "))?;
        rest.split([',', ' ']).next()?.parse().ok()
    };
    let sample = Sample {
        downtime: field("downtime")?,
        before: field("before")?,
        purgatory: field("purgatory")?,
        load_cpu: field("load_cpu")?,
        load_wall: field("load_wall")?,
    };
    Some((mib.parse().ok()?, round.parse().ok()?, cpu, way, sample))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(number: usize, ways: &[Way]) -> String {
        let line = |way: &Way| {
            format!(
                "2 MiB, round {number}, with SHA-NI, {}: Sample {{ downtime: 0.{number}50, before: NaN, \
                 purgatory: 0.035, load_cpu: 1.250, load_wall: 2.000 }}\n",
                way.name()
            )
        };
        ways.iter().map(line).collect()
    }

    #[test]
    fn whole_rounds_of_several_runs() {
        let mut all = Vec::new();
        let first = format!(
            "fetching\n{}{}",
            round(1, &Way::ALL),
            round(2, &Way::ALL[..5])
        );
        add(&first, &mut all).unwrap();
        add(&round(1, &Way::ALL), &mut all).unwrap();
        assert_eq!(all.len(), Way::ALL.len());
        for series in &all {
            assert_eq!((series.mib, series.cpu), (2, "with SHA-NI"));
            let [one, two] = series.samples[..] else {
                panic!("{series:?}");
            };
            assert_eq!((one.downtime, two.downtime), (0.15, 0.15));
            assert!(one.before.is_nan());
            assert_eq!(
                (one.purgatory, one.load_cpu, one.load_wall),
                (0.035, 1.25, 2.0)
            );
        }
    }

    #[test]
    fn a_line_that_is_none_is_an_error() {
        let line = round(1, &[Way::File]).replace("libkexec -s", "another");
        assert!(add(&line, &mut Vec::new()).is_err());
        let line = round(1, &[Way::File]).replace("1.250", "much");
        assert!(add(&line, &mut Vec::new()).is_err());
    }
}
