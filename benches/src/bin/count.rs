//! `count NAME TIMES`: does a piece of work, for a program that counts instructions. The
//! difference between two runs is the work without the start of the program.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (name, times) = (arguments.next(), arguments.next());
    let work = name.as_deref().and_then(benches::work);
    let times = times.and_then(|times| times.parse::<u64>().ok());
    let (Some(mut work), Some(times)) = (work, times) else {
        eprintln!("usage: count NAME TIMES; the names are those of benches::work()");
        return ExitCode::from(2);
    };
    for _ in 0..times {
        std::hint::black_box(work());
    }
    ExitCode::SUCCESS
}
