//! Progress on a terminal, for loads that take longer than half a second.

use core::ops::ControlFlow;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use kexec_cli::command::Command;
use kexec_cli::meter::{Meter, Step};
use kexec_cli::table::Id;
use kexec_core::linux::{Standard, milliseconds, terminal_columns, write_all};

static METER: Meter = Meter::off();
/// Whether a line is on the terminal.
static SHOWN: AtomicBool = AtomicBool::new(false);

/// The columns of the terminal that standard error is, 80 if it does not know; `None` if it is not a
/// terminal. The kernel is asked once.
pub fn columns() -> Option<u16> {
    const NONE: u32 = u32::MAX;
    const UNASKED: u32 = u32::MAX - 1;
    static COLUMNS: AtomicU32 = AtomicU32::new(UNASKED);
    let mut columns = COLUMNS.load(Relaxed);
    if columns == UNASKED {
        columns = match terminal_columns(Standard::Error) {
            None => NONE,
            Some(0) => 80,
            Some(columns) => columns.into(),
        };
        COLUMNS.store(columns, Relaxed);
    }
    u16::try_from(columns).ok()
}

/// A load starts. There is no progress unless standard error is a terminal, and none with --quiet or
/// with -d, which reports more.
pub fn start(command: &Command<'_>) {
    if command.given(Id::Quiet) || command.given(Id::Debug) {
        return;
    }
    if let Some(columns) = columns() {
        METER.start(columns, milliseconds());
    }
}

/// A step begins, of `total` bytes (0: not known).
pub fn begin(step: Step, total: u64) {
    if METER.is_on() {
        let now = milliseconds();
        if METER.begin(step, total, now) {
            show(now);
        }
    }
}

/// So many more bytes were copied.
pub fn copied(bytes: u64) {
    if METER.is_on() {
        let now = milliseconds();
        if METER.add(bytes, now) {
            show(now);
        }
    }
}

/// So many bytes of a plan's digest are done, of all.
pub fn digested(done: u64, total: u64) -> ControlFlow<()> {
    if METER.is_on() {
        let now = milliseconds();
        if METER.reach(done, total, now) {
            show(now);
        }
    }
    ControlFlow::Continue(())
}

fn show(now: u64) {
    SHOWN.store(true, Relaxed);
    // A failure to write it is ignored.
    let _unwritten = write_all(Standard::Error, METER.line(now, &mut [0; 80]));
}

/// Removes the line, before others are written.
pub fn clear() {
    if SHOWN.swap(false, Relaxed) {
        let _unwritten = write_all(Standard::Error, METER.cleared(&mut [0; 80]));
        let _unwritten = write_all(Standard::Error, b"\r");
    }
}
