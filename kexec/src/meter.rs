//! How far a load has come, as a line on a terminal.

use core::fmt::{self, Write};
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use crate::plan::size::Size;

/// What a load is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Reads a pipe or a device.
    Read,
    /// Unpacks a compressed kernel.
    Unpack,
    /// Copies files that would not stay unchanged, or joins initrds.
    Copy,
    /// Reads files for the digest that the purgatory compares with.
    Digest,
    /// Waits for kexec_load.
    Load,
    /// Waits for kexec_file_load.
    FileLoad,
}

/// The texts of the steps, in their order.
const WORDS: [&str; 6] = [
    "reading",
    "unpacking",
    "copying",
    "computing the digest",
    "kexec_load",
    "kexec_file_load",
];

/// Milliseconds of a load without a line.
const SILENT: u64 = 500;
/// Milliseconds between two lines.
const BETWEEN: u64 = 200;
/// Bytes that a call takes longer for than [`SILENT`] on most machines: it is announced, because
/// nothing can be written during a call.
const LONG_CALL: u64 = 512 << 20;
/// The longest line.
const WIDTH: usize = 79;
/// The narrowest terminal with lines.
const NARROWEST: u16 = 40;

/// The state of a load. Times are in milliseconds. It may be static: a copy reports its bytes by a
/// function.
#[derive(Debug)]
pub struct Meter {
    /// Columns of a line, 0 if there are no lines.
    width: AtomicUsize,
    step: AtomicUsize,
    /// When the step began.
    begin: AtomicU64,
    /// When the next line is due.
    next: AtomicU64,
    done: AtomicU64,
    /// All bytes of the step, 0 if that is not known.
    total: AtomicU64,
}

impl Meter {
    /// One that shows nothing.
    #[must_use]
    pub const fn off() -> Self {
        Self {
            width: AtomicUsize::new(0),
            step: AtomicUsize::new(0),
            begin: AtomicU64::new(0),
            next: AtomicU64::new(0),
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
        }
    }

    /// A load starts, with lines on a terminal of so many columns.
    pub fn start(&self, columns: u16, now: u64) {
        let width = match columns {
            ..NARROWEST => 0,
            // In the last column some terminals begin a new line.
            _ => usize::from(columns).saturating_sub(1).min(WIDTH),
        };
        self.width.store(width, Relaxed);
        self.begin.store(now, Relaxed);
        self.next.store(now.saturating_add(SILENT), Relaxed);
    }

    /// Whether there are lines.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.width.load(Relaxed) != 0
    }

    /// A step begins, of `total` bytes (0: not known). Returns whether a line is due.
    pub fn begin(&self, step: Step, total: u64, now: u64) -> bool {
        self.step.store(step as usize, Relaxed);
        self.begin.store(now, Relaxed);
        self.done.store(0, Relaxed);
        self.total.store(total, Relaxed);
        // During an unpacking nothing can be written either.
        let is_call = matches!(step, Step::Load | Step::FileLoad | Step::Unpack);
        is_call && (total >= LONG_CALL || now >= self.next.load(Relaxed))
    }

    /// So many more bytes are done. Returns whether a line is due.
    pub fn add(&self, bytes: u64, now: u64) -> bool {
        let done = self.done.load(Relaxed).saturating_add(bytes);
        self.reach(done, self.total.load(Relaxed), now)
    }

    /// So many bytes are done, of `total`. Returns whether a line is due.
    pub fn reach(&self, done: u64, total: u64, now: u64) -> bool {
        self.done.store(done, Relaxed);
        self.total.store(total, Relaxed);
        let due = now >= self.next.load(Relaxed);
        if due {
            self.next.store(now.saturating_add(BETWEEN), Relaxed);
        }
        due
    }

    /// The line at a time, after a carriage return and without an end; it covers the one before it.
    pub fn line<'b>(&self, now: u64, buffer: &'b mut [u8; WIDTH + 1]) -> &'b [u8] {
        let mut line = self.blank(buffer);
        // What has no room is left out.
        let _full = self.text(now, &mut line);
        self.part(buffer)
    }

    /// Writes over a line with blanks.
    pub fn cleared<'b>(&self, buffer: &'b mut [u8; WIDTH + 1]) -> &'b [u8] {
        self.blank(buffer);
        self.part(buffer)
    }

    fn blank<'b>(&self, buffer: &'b mut [u8; WIDTH + 1]) -> Line<'b> {
        buffer.fill(b' ');
        if let Some(first) = buffer.first_mut() {
            *first = b'\r';
        }
        let room = buffer.get_mut(1..=self.width.load(Relaxed));
        Line(room.unwrap_or_default())
    }

    fn part<'b>(&self, buffer: &'b [u8; WIDTH + 1]) -> &'b [u8] {
        buffer.get(..=self.width.load(Relaxed)).unwrap_or_default()
    }

    fn text(&self, now: u64, out: &mut dyn Write) -> fmt::Result {
        let words = WORDS.get(self.step.load(Relaxed)).unwrap_or(&"");
        let (done, total) = (self.done.load(Relaxed), self.total.load(Relaxed));
        write!(out, "kexec: {words}: ")?;
        if done == 0 {
            return write!(out, "{}", Size(total));
        }
        write!(out, "{}", Size(done))?;
        if total != 0 {
            write!(out, " of {}", Size(total))?;
        }
        let elapsed = now.saturating_sub(self.begin.load(Relaxed));
        let rate = done.saturating_mul(1000).checked_div(elapsed);
        match rate {
            Some(rate) => write!(out, ", {}/s", Size(rate)),
            None => Ok(()),
        }
    }
}

/// Room for a line.
struct Line<'b>(&'b mut [u8]);

impl Write for Line<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = core::mem::take(&mut self.0);
        let (now, rest) = room.split_at_mut_checked(text.len()).ok_or(fmt::Error)?;
        for (to, from) in now.iter_mut().zip(text.bytes()) {
            *to = from;
        }
        self.0 = rest;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::string::String;

    use super::*;

    fn shown(meter: &Meter, now: u64) -> String {
        let mut buffer = [0; WIDTH + 1];
        let line = meter.line(now, &mut buffer).to_vec();
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn nothing_for_half_a_second_and_then_five_lines_a_second() {
        let meter = Meter::off();
        assert!(!meter.is_on());
        meter.start(80, 1_000_000);
        assert!(meter.is_on());
        assert!(!meter.begin(Step::Read, 0, 1_000_000));
        assert!(!meter.add(1 << 20, 1_000_499));
        assert!(meter.add(1 << 20, 1_000_500));
        assert!(!meter.add(1 << 20, 1_000_699));
        assert!(meter.add(1 << 20, 1_000_700));
        // The half second is that of the load, not of the step.
        assert!(!meter.begin(Step::Digest, 1 << 30, 1_000_700));
        assert!(meter.add(1, 1_000_900));
    }

    #[test]
    fn a_call_is_announced_if_it_is_late_or_large() {
        let meter = Meter::off();
        meter.start(80, 0);
        assert!(!meter.begin(Step::Load, 100 << 20, 499));
        assert!(meter.begin(Step::Load, 100 << 20, 500));
        assert!(meter.begin(Step::FileLoad, 512 << 20, 0));
        assert!(!meter.begin(Step::Digest, 512 << 20, 500));
        meter.begin(Step::FileLoad, 812 << 20, 0);
        assert_eq!(
            shown(&meter, 5).trim_end(),
            "\rkexec: kexec_file_load: 812 MiB"
        );
    }

    #[test]
    fn lines_have_bytes_and_rate() {
        let meter = Meter::off();
        meter.start(80, 0);
        meter.begin(Step::Digest, 1 << 30, 1000);
        meter.add(812 << 20, 3000);
        let line = shown(&meter, 3000);
        let text = "\rkexec: computing the digest: 812 MiB of 1 GiB, 406 MiB/s";
        assert_eq!(line.trim_end(), text);
        // It is as long as any other, and fits 80 columns.
        assert_eq!(line.len(), 80);
        meter.begin(Step::Copy, 0, 4000);
        meter.add(64 << 10, 4000);
        assert_eq!(shown(&meter, 4000).trim_end(), "\rkexec: copying: 64 KiB");
        meter.begin(Step::Read, 0, 0);
        meter.add(u64::MAX, 1);
        assert_eq!(
            shown(&meter, 1).trim_end(),
            "\rkexec: reading: 15.9 EiB, 15.9 EiB/s"
        );
    }

    #[test]
    fn a_narrow_terminal_has_short_lines_or_none() {
        let meter = Meter::off();
        for (columns, width) in [(39, 0), (40, 39), (80, 79), (200, 79)] {
            meter.start(columns, 0);
            assert_eq!(meter.is_on(), width > 0, "{columns}");
            meter.begin(Step::Digest, 1 << 30, 0);
            meter.add(1 << 29, 2000);
            let line = shown(&meter, 2000);
            assert_eq!(line.len(), width + 1, "{columns}");
            let mut buffer = [0; WIDTH + 1];
            let blank = meter.cleared(&mut buffer);
            assert_eq!(blank.len(), width + 1);
            assert!(blank[0] == b'\r' && blank[1..].iter().all(|byte| *byte == b' '));
        }
    }
}
