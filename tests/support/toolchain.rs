//! The C side of the tests: tools that must be there, programs in a directory of the test's own, and the library as
//! this very run has built it.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What a program needs beside libwsrt.a, at most: a libc that has all in one needs none of them.
pub const STATIC_LIBRARIES: [&str; 3] = ["-lpthread", "-ldl", "-lm"];

pub const WARNINGS: [&str; 4] = ["-Wall", "-Wextra", "-pedantic", "-Werror"];

/// A tool; its absence is a failure that says what to install, never a reason to skip.
pub fn tool(name: &str) -> Command {
    let package = match name {
        "cc" | "gcc" => "gcc libc6-dev",
        "nm" | "readelf" => "binutils",
        other => other,
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|directory| directory.join(name).is_file());
    assert!(found, "missing: {name}; run scripts/need.sh {package}");
    Command::new(name)
}

/// An empty directory for one test.
pub fn scratch(test: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&directory).unwrap_or_else(|why| panic!("{}: {why}", directory.display()));
    directory
}

pub fn write(file: &Path, text: &str) {
    std::fs::write(file, text).unwrap_or_else(|why| panic!("{}: {why}", file.display()));
}

/// The directory with libwsrt.so and libwsrt.a: beside this test's own program.
pub fn libraries() -> PathBuf {
    let program = std::env::current_exe().expect("a test knows its program");
    program.parent().expect("it lies in a directory").to_owned()
}

pub fn archive() -> PathBuf {
    libraries().join("libwsrt.a")
}

/// A directory in which the loader finds the shared library by its soname.
pub fn stage(directory: &Path, library: &Path) -> PathBuf {
    let stage = directory.join("lib");
    std::fs::create_dir_all(&stage).unwrap_or_else(|why| panic!("{}: {why}", stage.display()));
    let link = stage.join("libwsrt.so.0");
    std::os::unix::fs::symlink(library, &link).unwrap_or_else(|why| panic!("{}: {why}", link.display()));
    stage
}

/// A compiler in the repository's root, with the header in its path.
pub fn compiler(name: &str, standard: &str) -> Command {
    let mut compiler = tool(name);
    compiler.current_dir(super::support::root()).arg(format!("-std={standard}")).arg("-Iinclude").args(WARNINGS);
    compiler
}

pub fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|why| panic!("{command:?}: {why}"))
}

/// Runs what must succeed; gives back what it printed.
pub fn must(command: &mut Command) -> String {
    let output = run(command);
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{}\n{stdout}{stderr}", output.status);
    stdout
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// This very cargo, for a build of the library apart from the running one, in a directory that later runs find again.
pub fn cargo(subcommand: &str, directory: &str) -> (Command, PathBuf) {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name(directory);
    let mut cargo = Command::new(env!("CARGO"));
    // What the running build was asked for is not what users build with.
    cargo.current_dir(super::support::root()).env_remove("RUSTFLAGS").arg(subcommand);
    cargo.args(["--quiet", "--locked", "--lib", "--target-dir"]).arg(&target);
    (cargo, target)
}
