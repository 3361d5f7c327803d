//! `mapping FILE STRATEGY`: the digest of a file by one way of getting at its bytes, for
//! `cargo xtask compare`, which measures this process. STRATEGY `list` names them.

use benches::mapping::{STRATEGIES, digest};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (path, strategy) = (arguments.next(), arguments.next());
    if strategy.as_deref() == Some("list") {
        for (name, about) in STRATEGIES {
            println!("{name}\t{about}");
        }
        return ExitCode::SUCCESS;
    }
    let (Some(path), Some(strategy)) = (path, strategy) else {
        eprintln!("usage: mapping FILE list|STRATEGY");
        return ExitCode::from(2);
    };
    match digest(&path, &strategy) {
        Ok(digest) => {
            println!("{digest:02x?}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("mapping: {path}, {strategy}: {error}");
            ExitCode::FAILURE
        }
    }
}
