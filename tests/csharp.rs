//! The library as programs in C# see it, on Mono: the binding and its story of examples/csharp, and the tests beside
//! them.

mod support;
#[path = "support/toolchain.rs"]
mod toolchain;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use support::{bless_or_compare, read, root};
use toolchain::{compiler, libraries, must, run, scratch, text, tool, write};

/// In seconds: a program that hangs is killed.
const DEADLINE: &str = "120";

fn needed(name: &str) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|directory| directory.join(name).is_file());
    assert!(found, "missing: {name}; run scripts/need.sh mono-mcs mono-runtime");
}

/// The compiler, as strict as can be: with -doc also what is public and not documented is an error.
fn mcs() -> Command {
    needed("mcs");
    let mut mcs = Command::new("mcs");
    // What it takes by itself, so that nobody has to ask for more.
    mcs.current_dir(root().join("examples/csharp")).args(["-langversion:7", "-warn:4", "-warnaserror", "-debug"]);
    mcs
}

fn sources(folder: &str) -> Vec<PathBuf> {
    let directory = root().join("examples/csharp").join(folder);
    let entries = std::fs::read_dir(&directory).unwrap_or_else(|why| panic!("{}: {why}", directory.display()));
    let mut sources: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    sources.retain(|path| path.extension() == Some("cs".as_ref()));
    sources.sort();
    assert!(sources.len() > 5, "the sources of {folder} are found");
    sources
}

struct Programs {
    story: PathBuf,
    tests: PathBuf,
}

/// All that is to be compiled, once.
fn programs() -> &'static Programs {
    static PROGRAMS: OnceLock<Programs> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let directory = scratch("csharp");
        let out = |name: &str| format!("-out:{}", directory.join(name).display());
        let binding = directory.join("Wsrt.dll");
        let reference = format!("-r:{}", binding.display());
        let documentation = format!("-doc:{}", directory.join("Wsrt.xml").display());
        must(mcs().args(["-target:library", &documentation, &out("Wsrt.dll")]).args(sources("Wsrt")));
        must(mcs().args([&reference, &out("Story.exe")]).arg("Story.cs"));
        must(mcs().args([&reference, &out("Bench.exe")]).arg("Bench.cs"));
        // With the binding's sources, not its assembly: the tests look at what it keeps to itself.
        must(mcs().arg(out("Tests.exe")).args(sources("Wsrt")).args(sources("tests")));
        Programs { story: directory.join("Story.exe"), tests: directory.join("Tests.exe") }
    })
}

fn mono(library: &Path, program: &Path) -> Command {
    needed("mono");
    let mut mono = tool("timeout");
    mono.args(["-s", "KILL", DEADLINE, "mono", "--debug"]).arg(program).env("LD_LIBRARY_PATH", library);
    mono
}

fn tests(arguments: &[&str]) -> Command {
    let mut mono = mono(&libraries(), &programs().tests);
    mono.args(arguments);
    mono
}

fn passes(arguments: &[&str]) {
    let output = run(&mut tests(arguments));
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success() && stdout == "passed\n", "{arguments:?}: {}\n{stdout}{stderr}", output.status);
}

// ---- the story ----

#[test]
fn the_story_is_the_same_in_csharp() {
    let told = must(&mut mono(&libraries(), &programs().story));
    bless_or_compare("examples/expected-output.txt", &told);
}

/// A directory with a library that does nothing. The stub claims no version, so that who looks at it stops there; with
/// `version` it claims the right one.
fn stub(directory: &Path, version: bool, create: &str, answer: &str) -> PathBuf {
    let stub = read(&root().join("tests/c/stub.c"));
    let told = stub.replace("return 0;", "return WSRT_ABI_VERSION;");
    assert_ne!(stub, told, "the stub's version is found");
    let source = directory.join("stub.c");
    write(&source, if version { &told } else { &stub });
    let rest = directory.join("rest.c");
    write(&rest, &format!("#include \"wsrt_codes.h\"\n{}", dispenser_stubs()));
    let mut cc = compiler("cc", "c99");
    cc.args(["-Wno-unused-parameter", "-shared", "-fPIC"]).arg(&source).arg(&rest);
    cc.args([format!("-DSTUB_CREATE={create}"), format!("-DSTUB_ANSWER={answer}")]);
    must(cc.arg("-o").arg(directory.join("libwsrt.so")));
    directory.to_owned()
}

/// Every function of the dispenser, doing nothing; weak, where the stub has one of its own.
fn dispenser_stubs() -> String {
    let symbols = read(&root().join("tests/abi/symbols.txt"));
    let names: Vec<&str> = symbols.lines().filter(|name| name.starts_with("dispenser_")).collect();
    assert!(names.len() > 20, "the functions are found");
    let stub = |name: &&str| format!("__attribute__((weak)) int {name}() {{ return STUB_ANSWER; }}\n");
    names.iter().map(stub).collect()
}

fn no_crash(output: &Output, what: &str) {
    let code = output.status.code();
    assert!(matches!(code, Some(0 | 1)), "{what}: {}\n{}", output.status, text(&output.stderr));
    assert!(!text(&output.stderr).contains("Unhandled Exception"), "{what}: {}", text(&output.stderr));
}

#[test]
fn the_story_is_not_told_without_the_library() {
    let told = must(&mut mono(&libraries(), &programs().story));
    let variants = [
        ("csharp-fails", "WSRT_E_NOTIMPL", "WSRT_E_NOTIMPL"),
        ("csharp-fails-later", "WSRT_S_OK", "WSRT_E_NOTIMPL"),
        ("csharp-lies", "WSRT_S_OK", "WSRT_S_OK"),
    ];
    for (variant, create, answer) in variants {
        let library = stub(&scratch(variant), true, create, answer);
        let output = run(&mut mono(&library, &programs().story));
        no_crash(&output, variant);
        let other = text(&output.stdout);
        assert!(!other.is_empty() && other != told, "{variant}: tells a story that did not happen");
        let registered = other.lines().filter(|line| line.starts_with("registered: "));
        assert!(registered.clone().all(|line| line == "registered: 0"), "{variant}: counts who is not there");
        assert!(!other.contains("is told to disconnect"), "{variant}: nobody was told");
        assert!(!other.contains("is created for"), "{variant}: nothing was created");
    }
}

#[test]
fn another_version_is_refused_with_a_clear_message() {
    let library = stub(&scratch("csharp-version"), false, "WSRT_S_OK", "WSRT_S_OK");
    let expected = "libwsrt 0.0.0 offers version 0.0 of its interface, this program needs version 0.1: \
                    install the library that this program was built for\n";
    let output = run(&mut mono(&library, &programs().story));
    no_crash(&output, "the story");
    assert_eq!(text(&output.stdout), "", "nothing is told");
    assert_eq!(text(&output.stderr), expected);
    let messages = must(mono(&library, &programs().tests).arg("version"));
    assert_eq!(messages, expected.repeat(11) + "passed\n", "whatever is used first");
}

#[test]
fn no_library_is_a_clear_message() {
    let output = run(&mut mono(&scratch("csharp-none"), &programs().story));
    no_crash(&output, "the story");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("wsrt"), "{}", text(&output.stderr));
}

// ---- the tests of examples/csharp/tests ----

#[test]
fn the_binding_agrees_with_the_golden_files() {
    passes(&["abi", &root().join("tests/abi").to_string_lossy()]);
}

#[test]
fn callbacks_come_from_any_thread_while_garbage_is_collected() {
    passes(&["callbacks"]);
}

#[test]
fn exceptions_do_not_cross_the_border() {
    passes(&["throwing"]);
}

#[test]
fn everything_is_released_exactly_once() {
    passes(&["lifetimes"]);
}

#[test]
fn leases_contexts_and_what_a_dispenser_tells() {
    passes(&["leasing"]);
}

#[test]
fn drivers_are_called_from_any_thread_while_garbage_is_collected() {
    passes(&["pool-callbacks"]);
}

#[test]
fn exceptions_of_drivers_do_not_cross_the_border() {
    passes(&["pool-throwing"]);
}

#[test]
fn dispensers_and_leases_end_once_and_in_time() {
    passes(&["pool-lifetimes"]);
}

#[test]
fn the_process_ends_whatever_is_still_at_work() {
    for how in ["return", "exit", "drop"] {
        for _ in 0..5 {
            let output = run(&mut tests(&["exit", how]));
            let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
            assert_eq!(output.status.code(), Some(7), "{how}: {}\n{stdout}{stderr}", output.status);
            let told = "leaving\nthe stock is destroyed\nthe driver is released\n";
            assert_eq!((stdout.as_str(), stderr.as_str()), (told, ""), "{how}");
        }
    }
}

/// Mono does not mind where it can do without the delegate, .NET crashes: whatever the library may call is held by a
/// static field for as long as the process lives.
#[test]
fn what_the_library_calls_is_never_collected() {
    let mut found = 0;
    for source in sources("Wsrt") {
        let code = read(&source);
        for (at, call) in code.match_indices("GetFunctionPointerForDelegate(") {
            let name = code[at + call.len()..].split(')').next().unwrap_or_default();
            let held = code.lines().any(|line| {
                line.trim_start().starts_with("private static readonly Native.")
                    && line.contains(&format!(" {name} = "))
            });
            assert!(held, "{}: {name} is not held", source.display());
            found += 1;
        }
    }
    assert!(found >= 17, "the callbacks are found");
}
