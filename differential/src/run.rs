//! Every machine with every image, through both commands.

use crate::Outcome;
use crate::compare::{compare, complaints};
use crate::expected::{Context, ROWS, Row};
use crate::handover::Handover;
use crate::image::Image;
use crate::machine::Machine;
use crate::trace::{self, Program};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// What is asked for besides the kernel.
#[derive(Debug, Clone)]
pub struct Request {
    /// Name in reports.
    pub name: &'static str,
    /// The initrd's bytes.
    pub initrd: Option<Vec<u8>>,
    /// The command line of the next kernel.
    pub command_line: Option<&'static str>,
}

impl Request {
    /// An initrd of pages and a bit, and a command line.
    #[must_use]
    pub fn usual() -> Self {
        const INITRD: usize = 3 * 4096 + 123;
        Self {
            name: "initrd and command line",
            initrd: Some(
                (0..INITRD)
                    .map(|n| (n as u8) ^ (n >> 8) as u8 | 1)
                    .collect(),
            ),
            command_line: Some("root=/dev/vda1 ro console=ttyS0 differential=\"one two\""),
        }
    }

    /// Nothing but the kernel.
    #[must_use]
    pub fn bare() -> Self {
        Self {
            name: "neither initrd nor command line",
            initrd: None,
            command_line: None,
        }
    }

    fn arguments(&self, kernel: &Path, initrd: &Path) -> Vec<OsString> {
        let mut arguments = vec!["-c".into(), "-l".into(), kernel.into()];
        if self.initrd.is_some() {
            arguments.push(option("--initrd=", initrd.as_os_str()));
        }
        if let Some(command_line) = self.command_line {
            arguments.push(option("--append=", command_line.as_ref()));
        }
        arguments
    }
}

fn option(name: &str, value: &OsStr) -> OsString {
    let mut text = OsString::from(name);
    text.push(value);
    text
}

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
        let unseen = self.seen.iter().zip(ROWS).filter(|(seen, _)| **seen == 0);
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
            for image in &self.images {
                let mut requests = vec![Request::usual()];
                if number == 0 {
                    requests.push(Request::bare());
                }
                for request in requests {
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
        let context = Context {
            image,
            running: &page,
            ram_kib: machine.ram_kib(),
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
