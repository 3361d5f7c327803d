//! Every machine with every image, through both commands.

use crate::Outcome;
use crate::compare::{compare, complaints};
use crate::expected::{Context, ROWS, Row};
use crate::handover::Handover;
use crate::image::Image;
use crate::machine::{Machine, ram_kib};
use crate::request::Request;
use crate::trace::{self, Program};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What is compared.
#[derive(Debug)]
pub struct Comparison {
    /// kexec-tools.
    pub reference: Program,
    /// libkexec's command.
    pub ours: Program,
    /// The kernels.
    pub images: Vec<Image>,
    /// The machines.
    pub machines: Vec<Machine>,
    /// An empty directory.
    pub directory: PathBuf,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Report {
    /// Loads compared.
    pub pairs: usize,
    /// What must not be, each with machine and image.
    pub failures: Vec<String>,
    /// How often each row of [`ROWS`] was seen.
    pub seen: Vec<usize>,
}

impl Report {
    /// Rows that no machine showed.
    pub fn stale(&self) -> impl Iterator<Item = &'static Row> {
        let unseen = self
            .seen
            .iter()
            .zip(ROWS)
            .filter(|(seen, row)| **seen == 0 && !row.by_chance);
        unseen.map(|(_, row)| row)
    }
}

impl Comparison {
    /// Runs all of it; `rows` says whether differences are looked up in [`ROWS`], or none may be
    /// (for a command compared with itself).
    ///
    /// # Errors
    /// A machine cannot be built, or a file not be written.
    pub fn run(&self, rows: bool) -> Outcome<Report> {
        let mut report = Report {
            seen: vec![0; ROWS.len()],
            ..Report::default()
        };
        for (number, machine) in self.machines.iter().enumerate() {
            let tree = self.directory.join(format!("machine-{number}"));
            machine.write(&tree)?;
            for image in self
                .images
                .iter()
                .filter(|image| image.everywhere || number == 0)
            {
                for request in Request::of(machine, number == 0) {
                    let case = Case {
                        machine,
                        image,
                        request,
                        tree: &tree,
                    };
                    self.case(&case, rows, &mut report)?;
                }
            }
        }
        Ok(report)
    }

    fn case(&self, case: &Case<'_>, rows: bool, report: &mut Report) -> Outcome {
        let Case {
            machine,
            image,
            request,
            ..
        } = case;
        let kernel = self.file("kernel", &image.file)?;
        let initrd = self.file("initrd", request.initrd.as_deref().unwrap_or_default())?;
        let arguments = request.arguments(&kernel, &initrd);
        let mut fail = |text: String| {
            let place = format!("{}, {}, {}", machine.name, image.name, request.name);
            report.failures.push(format!("{place}: {text}"));
        };
        report.pairs += 1;
        let mut sides = Vec::new();
        for program in [&self.reference, &self.ours] {
            match self.side(program, &arguments, case) {
                Ok(handover) => {
                    for text in complaints(&handover, image, machine, request) {
                        fail(format!("{}: {text}", program.name));
                    }
                    sides.push(handover);
                }
                Err(text) => fail(text),
            }
        }
        let [reference, ours] = &sides[..] else {
            return Ok(());
        };
        let page = machine.page();
        let listed = ram_kib(&machine.map);
        let context = Context {
            image,
            running: Some(&page[..]).filter(|_| machine.boot_params_readable),
            ram_kib: ram_kib(&machine.without_overlaps()).min(listed),
            ram_kib_listed: listed,
        };
        for difference in compare(reference, ours, machine) {
            let row = ROWS.iter().position(|row| row.fits(&difference, &context));
            match row.filter(|_| rows) {
                Some(row) => report.seen[row] += 1,
                None => fail(difference.to_string()),
            }
        }
        Ok(())
    }

    fn side(
        &self,
        program: &Program,
        arguments: &[OsString],
        case: &Case<'_>,
    ) -> Outcome<Handover> {
        let log = self.directory.join("log");
        let trace = trace::run(program, arguments, case.tree, &log)?;
        let fail = |what: String| format!("{}: {what}\n{}", program.name, trace.said.trim_end());
        if !trace.refused.is_empty() || !trace.file_loads.is_empty() {
            return Err(fail(format!(
                "called {:?}, kexec_file_load {} times",
                trace.refused,
                trace.file_loads.len()
            )));
        }
        match (trace.code, &trace.loads[..]) {
            (Some(0), [load]) => Handover::read(load, case.image).map_err(fail),
            (code, loads) => Err(fail(format!("exit code {code:?}, {} loads", loads.len()))),
        }
    }

    fn file(&self, name: &str, contents: &[u8]) -> Outcome<PathBuf> {
        let path = self.directory.join(name);
        std::fs::write(&path, contents).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }
}

/// One comparison.
#[derive(Debug)]
struct Case<'a> {
    machine: &'a Machine,
    image: &'a Image,
    request: Request,
    tree: &'a Path,
}
