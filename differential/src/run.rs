//! Every machine with every image, through both commands.

use crate::Outcome;
use crate::compare::{compare, complaints};
use crate::expected::{Context, ROWS, Row};
use crate::handover::Handover;
use crate::image::Image;
use crate::machine::Machine;
use crate::trace::{self, Program};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The command line of the next kernel.
const COMMAND_LINE: &str = "root=/dev/vda1 ro console=ttyS0 differential=\"one two\"";
/// Bytes of the initrd: pages, and a bit.
const INITRD: usize = 3 * 4096 + 123;

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
    /// Machine-image pairs compared.
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
    /// A machine cannot be built, or a command cannot be run at all.
    pub fn run(&self, rows: bool) -> Outcome<Report> {
        let mut report = Report {
            seen: vec![0; ROWS.len()],
            ..Report::default()
        };
        let initrd: Vec<u8> = (0..INITRD)
            .map(|n| (n as u8) ^ (n >> 8) as u8 | 1)
            .collect();
        let initrd_path = self.file("initrd", &initrd)?;
        for (image_number, image) in self.images.iter().enumerate() {
            let kernel = self.file(&format!("kernel-{image_number}"), &image.file)?;
            for (number, machine) in self.machines.iter().enumerate() {
                let tree = self.directory.join(format!("machine-{number}"));
                if image_number == 0 {
                    machine.write(&tree)?;
                }
                let place = format!("{}, {}", machine.name, image.name);
                let side = |program: &Program| {
                    let arguments = arguments(&kernel, &initrd_path);
                    self.side(program, &arguments, &tree, image)
                };
                report.pairs += 1;
                match (side(&self.reference), side(&self.ours)) {
                    (Ok(reference), Ok(ours)) => {
                        for (name, one) in [(&self.reference, &reference), (&self.ours, &ours)] {
                            let bytes = COMMAND_LINE.as_bytes();
                            for text in complaints(one, image, machine, &initrd, bytes) {
                                report
                                    .failures
                                    .push(format!("{place}: {}: {text}", name.name));
                            }
                        }
                        let page = machine.page();
                        let context = Context {
                            image,
                            running: &page,
                        };
                        for difference in compare(&reference, &ours, machine) {
                            let row = ROWS.iter().position(|row| row.fits(&difference, &context));
                            match row.filter(|_| rows) {
                                Some(row) => report.seen[row] += 1,
                                None => report.failures.push(format!("{place}: {difference}")),
                            }
                        }
                    }
                    (reference, ours) => {
                        let errors = [reference.err(), ours.err()];
                        for text in errors.into_iter().flatten() {
                            report.failures.push(format!("{place}: {text}"));
                        }
                    }
                }
            }
        }
        Ok(report)
    }

    fn side(
        &self,
        program: &Program,
        arguments: &[OsString],
        tree: &Path,
        image: &Image,
    ) -> Outcome<Handover> {
        let log = self.directory.join("log");
        let trace = trace::run(program, arguments, tree, &log)?;
        let fail = |what: String| format!("{}: {what}\n{}", program.name, trace.said.trim_end());
        if !trace.refused.is_empty() || !trace.file_loads.is_empty() {
            return Err(fail(format!(
                "called {:?}, kexec_file_load {} times",
                trace.refused,
                trace.file_loads.len()
            )));
        }
        match (trace.code, &trace.loads[..]) {
            (Some(0), [load]) => Handover::read(load, image).map_err(fail),
            (code, loads) => Err(fail(format!("exit code {code:?}, {} loads", loads.len()))),
        }
    }

    fn file(&self, name: &str, contents: &[u8]) -> Outcome<PathBuf> {
        let path = self.directory.join(name);
        std::fs::write(&path, contents).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }
}

fn arguments(kernel: &Path, initrd: &Path) -> Vec<OsString> {
    let option = |name: &str, value: &Path| {
        let mut text = OsString::from(name);
        text.push(value);
        text
    };
    vec![
        "-c".into(),
        "-l".into(),
        kernel.into(),
        option("--initrd=", initrd),
        option("--append=", Path::new(COMMAND_LINE)),
    ]
}
