//! Calls every function with every invalid kind of pointer, size or number. The calls are generated
//! from the header, so that none is left out.
//!
//! For each pointer: NULL; misaligned, if it points to an object; for opaque objects, storage that
//! was not initialised, and that of another object; for structures with a size: invalid sizes, the
//! smallest earlier size, and a later one with a tail of zeros and of other bytes. For each number:
//! 0 and all bits set. One argument is changed at a time; the others are valid.
#![allow(missing_docs)]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::process::Command;

use libkexec_tests::{cc, root, run, scratch, slim};

/// NULL is allowed here.
const OPTIONAL: [(&str, &str); 4] = [
    ("kx_uki_open", "profile"),
    ("kx_check_segments", "limits"),
    ("kx_load_to_boot", "initrd"),
    ("kx_digest", "secret"),
];
/// Read, then written.
const CHANGED: [(&str, &str); 1] = [("kx_release", "held")];

struct Parameter {
    kind: String,
    name: String,
}

struct Function {
    name: String,
    returns: String,
    parameters: Vec<Parameter>,
}

impl Function {
    fn has(&self, name: &str) -> bool {
        let mut parameters = self.parameters.iter();
        parameters.any(|parameter| parameter.name == name)
    }
}

fn functions(header: &str) -> Vec<Function> {
    let mut found = Vec::new();
    let mut lines = header.lines();
    while let Some(line) = lines.next() {
        if line.starts_with([' ', '#', '}', '/', '*']) || line.starts_with("typedef") {
            continue;
        }
        let Some((before, rest)) = line.split_once('(') else {
            continue;
        };
        let name = before.rsplit([' ', '*']).next().unwrap_or_default();
        if !name.starts_with("kx_") {
            continue;
        }
        let mut list = rest.to_string();
        while !list.ends_with(");") {
            list += " ";
            list += lines.next().expect("the end of a declaration").trim();
        }
        let parameters = list.trim_end_matches(");").split(", ");
        found.push(Function {
            name: name.into(),
            returns: before.strip_suffix(name).unwrap_or_default().trim().into(),
            parameters: parameters
                .filter(|text| *text != "void")
                .map(|text| {
                    let at = text.rfind([' ', '*']).expect("a type and a name") + 1;
                    Parameter {
                        kind: text[..at].trim().into(),
                        name: text[at..].into(),
                    }
                })
                .collect(),
        });
    }
    found
}

/// Names of the structures that begin with their size.
fn versioned(header: &str) -> BTreeSet<String> {
    let parts = header.split("\nstruct ").skip(1);
    parts
        .filter_map(|part| {
            let (name, body) = part.split_once(" {\n")?;
            let first = body.lines().find(|line| line.ends_with(';'))?;
            (first.trim() == "size_t size;").then(|| name.to_string())
        })
        .collect()
}

impl Parameter {
    fn pointer(&self) -> bool {
        self.kind.ends_with('*') || self.kind == "kx_bus_error"
    }

    fn structure(&self) -> Option<&str> {
        let name = self.kind.trim_start_matches("const ");
        name.strip_prefix("struct ")?.strip_suffix(" *")
    }

    fn opaque(&self) -> bool {
        matches!(self.structure(), Some("kx_machine" | "kx_workspace"))
    }

    fn aligned(&self) -> bool {
        self.structure().is_some() || matches!(self.kind.as_str(), "uint32_t *" | "const int *")
    }

    /// A valid expression.
    fn right(&self, function: &str) -> String {
        match (self.kind.as_str(), self.name.as_str()) {
            (
                "const char *",
                "path" | "source" | "target" | "root" | "kind" | "kernel" | "initrd",
            ) => "path".into(),
            ("const char *", "command_line") => "\"quiet\"".into(),
            ("const char *", "profile" | "name") => "\"0\"".into(),
            ("char *" | "void *", _) => "buffer".into(),
            ("const void *", _) => "file".into(),
            ("const uint8_t *", _) => "page".into(),
            ("uint8_t *", _) => "(unsigned char *)buffer".into(),
            ("uint32_t *", _) => "&word".into(),
            ("const int *", _) => "&fd".into(),
            ("kx_bus_error", _) => "handler".into(),
            (_, "size") if function.ends_with("_init") => {
                "sizeof machine + sizeof workspace".into()
            }
            (_, "size") => "sizeof buffer".into(),
            (_, "length") if function.contains("command_line") => "5".into(),
            (_, "length") if function == "kx_load_files" => "6".into(),
            (_, "length") => "file_length".into(),
            (_, "count") => "1".into(),
            (_, "limit") => "1 << 20".into(),
            ("int", "fd" | "kernel" | "initrd") => "fd".into(),
            ("int", "code") => "-1".into(),
            (_, "source") => "KX_SOURCE_CPUINFO".into(),
            (_, "map") => "KX_MAP_FIRMWARE".into(),
            (_, "step") => "KX_STEP_LOAD".into(),
            (_, "call") => "KX_CALL_LOAD".into(),
            (_, "format") => "KX_FORMAT_BZIMAGE".into(),
            (_, "arch") => "KX_ARCH_X86_64".into(),
            (
                _,
                "kind" | "flags" | "index" | "initrd_size" | "start" | "last" | "entry"
                | "copy_limit" | "flag" | "profile",
            ) => "0".into(),
            _ => match self.structure() {
                Some(name @ ("kx_machine" | "kx_workspace")) => format!("&{}", &name[3..]),
                Some("kx_bytes") if self.kind.starts_with("const") => "&some".into(),
                Some("kx_bytes") => "&none".into(),
                Some(name) => format!("&{name}_.it"),
                None => panic!("{function}: {} {} is new here", self.kind, self.name),
            },
        }
    }
}

/// Calls `function` with one argument replaced.
fn call(function: &Function, changed: usize, argument: &str) -> String {
    let arguments: Vec<String> = function
        .parameters
        .iter()
        .enumerate()
        .map(|(index, parameter)| match index == changed {
            true => argument.into(),
            false => parameter.right(&function.name),
        })
        .collect();
    let call = format!("{}({})", function.name, arguments.join(", "));
    if function.returns != "int" {
        return call;
    }
    // Also checked: if it fails, it writes nothing and leaves no plan.
    let planned = function.name.starts_with("kx_plan") && function.has("machine");
    let parameter = function.parameters.get(changed);
    let right = parameter.is_some_and(|parameter| parameter.name != "workspace");
    let plan = if planned && right { "no_plan" } else { "any" };
    format!("(before(), after({call}, {plan}))")
}

fn write(text: &mut String, function: &Function, versioned: &BTreeSet<String>) {
    let checked = function.returns == "int";
    for (index, parameter) in function.parameters.iter().enumerate() {
        let here = (function.name.as_str(), parameter.name.as_str());
        let right = parameter.right(&function.name);
        let of = |argument: &str| call(function, index, argument);
        let mut returns = |expected: &str, before: &str, argument: &str| {
            let call = of(argument);
            writeln!(text, "    reset(); {before} RETURNS({expected}, {call});").expect("text");
        };
        if !parameter.pointer() {
            for number in ["0", "-1"] {
                writeln!(text, "    reset(); SANE({});", of(number)).expect("text");
            }
            continue;
        }
        assert!(checked, "{}: how does it say what is wrong?", function.name);
        if parameter.name != "error" && !OPTIONAL.contains(&here) {
            returns("KX_E_NULL", "", "NULL");
        }
        if parameter.aligned() {
            returns("KX_E_MISALIGNED", "", &format!("ODD({right})"));
        }
        let initialises = function.name.ends_with("_init") || function.name == "kx_load_to_boot";
        if parameter.opaque() && !initialises {
            let before = format!("memset({right}, 0, 64);");
            returns("KX_E_NOT_INITIALISED", &before, &right);
            let other = match right.as_str() {
                "&machine" => "(void *)&workspace",
                _ => "(void *)&machine",
            };
            returns("KX_E_NOT_INITIALISED", "", other);
        }
        let Some(name) = parameter
            .structure()
            .filter(|name| versioned.contains(*name))
        else {
            continue;
        };
        let size = |size: &str| format!("{name}_.it.size = {size};");
        // No version was smaller than this one.
        let shorter = format!("sizeof {name}_.it - 8");
        let beginning = "sizeof(size_t)";
        for wrong in ["0", "7", beginning, &shorter, "4097", "(size_t)-1"] {
            returns("KX_E_SIZE", &size(wrong), &right);
        }
        // Its return value if everything is valid.
        let baseline = of(&right);
        let same = |before: &str| {
            format!(
                "    reset(); {{ int right_ = {baseline}; reset(); {before} \
                 SAME(right_, {baseline}); }}\n"
            )
        };
        let future = format!("sizeof {name}_");
        text.push_str(&same(&size(&future)));
        let tail = format!("memset({name}_.more, 0xee, sizeof {name}_.more);");
        let input = parameter.kind.starts_with("const ") || CHANGED.contains(&here);
        if input {
            writeln!(
                text,
                "    reset(); {} {tail} RETURNS(KX_E_TOO_NEW, {baseline});",
                size(&future)
            )
            .expect("text");
        } else {
            // Written on success (an error on failure): then the tail is zeroed.
            let before = format!("{} {tail}", size(&future));
            let written = if name == "kx_error" { "< 0" } else { ">= 0" };
            text.push_str(&same(&before));
            writeln!(
                text,
                "    reset(); {before} if ({baseline} {written}) CHECK(zero({name}_.more));"
            )
            .expect("text");
            // A refused call does not change earlier contents.
            if name != "kx_error" {
                let members = format!(
                    "memset((char *)&{name}_.it + sizeof(size_t), 0x5a, \
                     sizeof {name}_.it - sizeof(size_t));"
                );
                for other in function.parameters.iter().enumerate() {
                    if other.0 != index && other.1.pointer() && other.1.name != "error" {
                        let call = call(function, other.0, "NULL");
                        writeln!(text, "    reset(); {members} SANE({call});").expect("text");
                    }
                }
            }
        }
    }
}

const BEGINNING: &str = r#"
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "test.h"

#define ODD(pointer) ((void *)((char *)(pointer) + 1))
/* Every return value has a meaning. */
#define SANE(call) CHECK(strcmp("unknown error", sane((long)(call))) != 0)
/* As when all is right; file descriptors differ. */
#define SAME(right, call)                                                                      \
    do {                                                                                       \
        int again_ = (call);                                                                   \
        RETURNS(right, right >= 0 && again_ >= 0 ? right : again_);                            \
    } while (0)
unsigned checks, failures;

static struct kx_machine machine;
static struct kx_workspace workspace;
static unsigned char *file;
static size_t file_length;
static struct kx_bytes some, none;
static char path[] = "/tmp/kx-hostile-XXXXXX", buffer[8192];
static unsigned char page[4096];
static uint32_t word;
static int fd;

static void handler(void)
{
    _exit(99);
}

static const char *sane(long result)
{
    return result > 4095 ? "" : kx_strerror((int)result);
}

static int zero(const unsigned char *tail)
{
    int all = 0;
    for (int i = 0; i < 16; i++)
        all |= tail[i];
    return all == 0;
}

/* Nothing is loaded, started, mounted, or taken down. */
static int filter(void)
{
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_kexec_load, 5, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_kexec_file_load, 4, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_reboot, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_mount, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    };
    struct sock_fprog fprog = { sizeof program / sizeof *program, program };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &fprog);
}
"#;

const MAIN: &str = r#"
int main(void)
{
    file = make_bzimage(0x1000, &file_length);
    some.data = file;
    some.length = file_length;
    fd = mkstemp(path);
    if (filter() != 0 || fd < 0 || write(fd, file, file_length) != (ssize_t)file_length)
        return 77;
    hostile();
    unlink(path);
    printf("%u checks, %u failures\n", checks, failures);
    return failures != 0;
}
"#;

/// If a call fails, its outputs are unchanged; only struct kx_error is written. If planning failed,
/// there is no plan.
fn watch(versioned: &BTreeSet<String>) -> String {
    let names = versioned.iter().filter(|name| *name != "kx_error");
    let structures = names.map(|name| format!("{name}_"));
    let others = ["buffer", "word", "none"].map(String::from);
    let watched: Vec<String> = structures.chain(others).collect();
    let mut text = String::from("\nenum { any, no_plan };\n\n");
    for name in &watched {
        writeln!(text, "static unsigned char old_{name}[sizeof {name}];").expect("text");
    }
    text += "\nstatic void before(void)\n{\n";
    for name in &watched {
        writeln!(text, "    memcpy(old_{name}, &{name}, sizeof {name});").expect("text");
    }
    text += "}\n\nstatic int after(int result, int plan)\n{\n    if (result >= 0)\n        return result;\n";
    for name in &watched {
        writeln!(
            text,
            "    CHECK(memcmp(old_{name}, &{name}, sizeof {name}) == 0);"
        )
        .expect("text");
    }
    text + "    struct kx_plan_info info = { .size = sizeof info };\n\
            \x20   if (plan == no_plan)\n\
            \x20       RETURNS(KX_E_NO_PLAN, kx_plan_get(&workspace, &info));\n\
            \x20   return result;\n}\n\n"
}

/// Begins every call with valid objects.
fn reset(versioned: &BTreeSet<String>) -> String {
    let mut text = String::from(
        "static void reset(void)\n{\n\
         \x20   memset(&none, 0, sizeof none);\n\
         \x20   memset(buffer, 0x5a, sizeof buffer);\n\
         \x20   word = 0x5a5a5a5a;\n\
         \x20   RETURNS(0, kx_machine_init(&machine, sizeof machine));\n\
         \x20   RETURNS(0, kx_machine_add_memory(&machine, KX_MAP_FIRMWARE, 0x100000, 0x3fffffff, \
         KX_MEMORY_RAM));\n\
         \x20   RETURNS(0, kx_machine_parse(&machine, KX_SOURCE_COMMAND_LINE, \"quiet\", 5));\n\
         \x20   RETURNS(0, kx_machine_parse(&machine, KX_SOURCE_BOOT_PARAMS, page, 4096));\n\
         \x20   RETURNS(0, kx_workspace_init(&workspace, sizeof workspace));\n",
    );
    for name in versioned {
        write!(
            text,
            "    memset(&{name}_, 0, sizeof {name}_);\n    {name}_.it.size = sizeof(struct {name});\n"
        )
        .expect("text");
    }
    text + "    kx_request_.it.kernel = some;\n\
            \x20   kx_segment_.it.mem = 0x100000, kx_segment_.it.memsz = 0x1000;\n\
            \x20   RETURNS(0, kx_plan(&kx_request_.it, &machine, &workspace, NULL));\n}\n\n"
}

#[test]
fn every_function_refuses_what_is_wrong() {
    let header = std::fs::read_to_string(root().join("include/libkexec.h")).expect("the header");
    let (functions, versioned) = (functions(&header), versioned(&header));
    let map = std::fs::read_to_string(root().join("ffi/libkexec.map")).expect("the map");
    let listed = map.lines().filter(|line| line.trim().starts_with("kx_"));
    assert_eq!(functions.len(), listed.count(), "each function once");
    assert!(versioned.len() >= 11, "{versioned:?}");

    let mut text = String::from(BEGINNING);
    for name in &versioned {
        write!(
            text,
            "\nstatic struct {{\n    struct {name} it;\n    unsigned char more[16];\n}} {name}_;\n"
        )
        .expect("text");
    }
    text += &watch(&versioned);
    text += &reset(&versioned);
    text += "static void hostile(void)\n{\n";
    for function in &functions {
        write(&mut text, function, &versioned);
    }
    text += "}\n";
    text += MAIN;
    let directory = scratch("hostile");
    let (source, program) = (directory.join("hostile.c"), directory.join("hostile"));
    std::fs::write(&source, text).expect("written");
    let api = root().join("c-tests/api");
    let mut compiler = cc();
    compiler.arg("-I").arg(&api).arg(&source);
    compiler.arg(api.join("inputs.c")).arg(slim());
    run(compiler.arg("-o").arg(&program));
    let said = run(&mut Command::new(&program));
    let checks = said.split(' ').next().and_then(|count| count.parse().ok());
    assert!(
        checks.unwrap_or(0) > 2000 && said.contains(" 0 failures"),
        "{said}"
    );
}
