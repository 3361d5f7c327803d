//! What no fault may do.

use crate::actions::{Action, Aim};
use crate::kernel::{Image, Kernel};
use crate::trace::{At, Injection, Trace};

/// What runs without a fault did.
pub struct Reference {
    /// What is loaded after runs without a fault, by either call.
    pub images: Vec<Image>,
    pub stdout: String,
}

/// What is wrong with a run.
pub fn judge(
    action: &Action,
    reference: &Reference,
    trace: &Trace,
    kernel: &Kernel<'_>,
    injection: Injection,
) -> Vec<String> {
    if trace.hang {
        return vec!["it hangs".into()];
    }
    let Some(code) = trace.code else {
        return vec!["a signal ends it".into()];
    };
    let call = match injection.at {
        At::Call(index) => trace.calls.get(index),
        At::Each(each) => trace.calls.iter().find(|call| call.number == each),
    };
    let of_write = call.filter(|call| call.number == libc::SYS_write);
    // Where standard error cannot be written to, nothing can be said.
    let silenced = match injection.at {
        At::Call(_) => of_write.is_some_and(|call| call.arguments[0] == 2),
        At::Each(_) => of_write.is_some(),
    };
    let silent = trace.stderr.is_empty() && !silenced;
    let mut wrong = images(action, reference, trace, kernel, silent, silenced);
    if code == 0 {
        let done = match action.aim {
            Aim::Load { crash } => matches!(kernel.of(crash), Image::New(..)),
            Aim::Unload { crash } => kernel.of(crash) == Image::None,
            // Both images are there.
            Aim::Status | Aim::Start | Aim::Shutdown => false,
            Aim::Print => trace.stdout == reference.stdout,
            // What it says of the machine may be less.
            Aim::DryRun if of_write.is_some() => trace.stdout == reference.stdout,
            // What is not known is not a yes.
            Aim::Check => trace
                .stdout
                .starts_with("verdict:         yes, by kexec_load\n"),
            // The plan of the second call, or why there is none.
            Aim::DryRun => {
                let second = ["\nsegment 0:", "\nnote:            but not here: "];
                second.iter().any(|text| trace.stdout.contains(text))
                    && trace.stdout.ends_with('\n')
            }
        };
        if !done {
            wrong.push(format!(
                "exit code 0, and it is not done: {:?}",
                trace.stdout
            ));
        }
    } else if silent && action.aim != Aim::Status && !says_no(action, trace) {
        wrong.push(format!("exit code {code} in silence"));
    }
    if action.aim == Aim::Status && ![1, 255].contains(&code) {
        wrong.push(format!("status {code}"));
    }
    let known = [0, 1, 253, 255].contains(&code) || action.aim == Aim::Check && code == 2;
    if !known {
        wrong.push(format!("exit code {code}"));
    }
    wrong.extend(trace.leaks.iter().map(|leak| format!("open: {leak}")));
    wrong
}

/// A verdict that is not a yes.
fn says_no(action: &Action, trace: &Trace) -> bool {
    action.aim == Aim::Check && trace.stdout.starts_with("verdict:         no")
}

/// What is wrong with what is loaded at the end.
fn images(
    action: &Action,
    reference: &Reference,
    trace: &Trace,
    kernel: &Kernel<'_>,
    silent: bool,
    silenced: bool,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let crash = matches!(
        action.aim,
        Aim::Load { crash: true } | Aim::Unload { crash: true }
    );
    let image = kernel.of(crash);
    if kernel.of(!crash) != Image::Old {
        wrong.push("the other image was touched".into());
    }
    let loads = matches!(action.aim, Aim::Load { .. } | Aim::Start | Aim::Shutdown);
    let unloads = matches!(action.aim, Aim::Unload { .. });
    if !loads && !unloads && image != Image::Old {
        wrong.push("an image was touched".into());
    }
    if loads && matches!(image, Image::New(..)) && !reference.images.contains(&image) && silent {
        wrong.push("it loads something else, in silence".into());
    }
    let warned = trace.stderr.contains("WARNING: ")
        && ["is loaded any more", "may be lost"]
            .iter()
            .any(|words| trace.stderr.contains(words));
    if loads && image == Image::None && !warned && !silenced {
        wrong.push(format!(
            "an image is lost, and it says only {:?}",
            trace.stderr
        ));
    }
    // No file is written to here: what was loaded is good.
    if loads && kernel.loaded && image == Image::None {
        wrong.push("a good image is unloaded".into());
    }
    wrong
}
