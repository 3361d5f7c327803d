//! docs/benchmarks.svg: CPU time by size of the initrd, both axes logarithmic.

use super::Table;
use super::stats::Spread;
use super::subject::Subject;
use std::fmt::Write;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 440.0;
/// Room for the labels: left, right, top, bottom.
const MARGIN: [f64; 4] = [70.0, 170.0, 30.0, 50.0];

/// A colour, and how a line is broken, so that lines differ without colours too.
const fn style(subject: Subject) -> (&'static str, &'static str) {
    match subject {
        Subject::Ours => ("#0b62c4", "none"),
        Subject::OursUnverified => ("#0b62c4", "6 4"),
        Subject::OpenSsl => ("#2e7d32", "2 3"),
        Subject::XxhSum => ("#7b5ea7", "2 3"),
        Subject::Reference => ("#b3261e", "none"),
        Subject::ReferenceUnverified => ("#b3261e", "6 4"),
    }
}

/// Where a value lies on a logarithmic axis.
struct Axis {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Axis {
    fn at(&self, value: f64) -> f64 {
        let share = (value / self.low).ln() / (self.high / self.low).ln();
        self.from + share * (self.to - self.from)
    }
}

/// The drawing. Writing to a string cannot fail.
pub fn plot(table: &Table) -> String {
    let [left, right, top, bottom] = MARGIN;
    let points = |subject: Subject| -> Vec<(f64, f64)> {
        let medians = table.iter().filter_map(|(mib, row)| {
            let series = row.get(&subject)?;
            Some((*mib as f64, Spread::of(&series.cpu()).median * 1e3))
        });
        medians.collect()
    };
    let all: Vec<(f64, f64)> = Subject::ALL.into_iter().flat_map(points).collect();
    let bounds = |pick: fn(&(f64, f64)) -> f64| {
        let values = all.iter().map(pick);
        values.fold((f64::MAX, f64::MIN), |(low, high), value| {
            (low.min(value), high.max(value))
        })
    };
    let (first, last) = bounds(|point| point.0);
    let (least, most) = bounds(|point| point.1);
    let x = Axis {
        low: first,
        high: last,
        from: left,
        to: WIDTH - right,
    };
    let y = Axis {
        low: 10_f64.powf(least.log10().floor()),
        high: 10_f64.powf(most.log10().ceil()),
        from: HEIGHT - bottom,
        to: top,
    };
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n"
    );
    grid(&mut text, table, &x, &y);
    for subject in Subject::ALL {
        line(&mut text, subject, &points(subject), &x, &y);
    }
    text.push_str("</svg>\n");
    text
}

fn grid(text: &mut String, table: &Table, x: &Axis, y: &Axis) {
    let mut decade = y.low;
    while decade <= y.high * 1.01 {
        let at = y.at(decade);
        let _ = writeln!(
            text,
            "<line x1=\"{:.1}\" y1=\"{at:.1}\" x2=\"{:.1}\" y2=\"{at:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{decade} ms</text>",
            x.from,
            x.to,
            x.from - 6.0,
            at + 4.0
        );
        decade *= 10.0;
    }
    for mib in table.keys() {
        let at = x.at(*mib as f64);
        let label = match mib {
            0..1024 => format!("{mib} MiB"),
            _ => format!("{} GiB", mib / 1024),
        };
        let _ = writeln!(
            text,
            "<line x1=\"{at:.1}\" y1=\"{:.1}\" x2=\"{at:.1}\" y2=\"{:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>",
            y.from,
            y.to,
            y.from + 18.0
        );
    }
    let _ = writeln!(
        text,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">size of the initrd</text>\
         <text x=\"{:.1}\" y=\"{:.1}\">CPU time of the whole preparation</text>",
        (x.from + x.to) / 2.0,
        y.from + 38.0,
        x.from,
        y.to - 12.0
    );
}

fn line(text: &mut String, subject: Subject, points: &[(f64, f64)], x: &Axis, y: &Axis) {
    let Some(&(last, value)) = points.last() else {
        return;
    };
    let (colour, dashes) = style(subject);
    let places: Vec<String> = points
        .iter()
        .map(|&(mib, value)| format!("{:.1},{:.1}", x.at(mib), y.at(value)))
        .collect();
    let _ = writeln!(
        text,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" \
         stroke-dasharray=\"{dashes}\"/>\
         <text x=\"{:.1}\" y=\"{:.1}\" fill=\"{colour}\">{}</text>",
        places.join(" "),
        x.at(last) + 6.0,
        y.at(value) + 4.0,
        subject.name()
    );
}
