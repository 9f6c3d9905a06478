//! The README is true: its C example compiles and runs, its commands exist, its architecture names the files there are.

mod support;

use std::path::PathBuf;
use std::process::Command;
use support::{read, root};

fn blocks(language: &str) -> Vec<String> {
    let readme = read(&root().join("README.md"));
    let fence = format!("```{language}\n");
    let parts = readme.split(&fence).skip(1);
    parts.filter_map(|part| part.split_once("```").map(|(block, _)| block.to_owned())).collect()
}

#[test]
fn the_c_example_compiles_and_runs() {
    let example = blocks("c").remove(0);
    let lines = example.lines().filter(|line| !line.trim().is_empty()).count();
    assert!(lines <= 27, "{lines} lines are no short example");
    let said = compiled_and_run("c", "cc", &["-std=c99", "-pedantic"], &example);
    assert_eq!(said, "end the connection in contoso, registered as something\n");
}

#[test]
fn the_c_example_of_a_pool_compiles_and_runs() {
    let said =
        compiled_and_run("pool.c", "cc", &["-std=c99", "-pedantic", "-Wno-unused-parameter"], &blocks("c").remove(1));
    assert_eq!(said, "the same buffer again\n");
}

#[test]
fn the_cpp_example_compiles_and_runs() {
    let example = blocks("cpp").remove(0);
    let said = compiled_and_run("cpp", "c++", &["-std=c++17", "-pedantic"], &example);
    assert_eq!(said, "Mail is in contoso\nend the connection\n0 left\n");
}

#[test]
fn the_python_example_runs() {
    let library = std::env::current_exe().expect("this test").with_file_name("libwsrt.so");
    let mut python = Command::new("/usr/bin/python3");
    python.args(["-c", &blocks("python").remove(0)]);
    python.env("PYTHONPATH", root().join("examples/python")).env("WSRT_LIBRARY", library);
    let told = "end the connection in contoso, registered as something\n";
    let expected = format!("{told}{told}WSRT_E_FAIL because of OSError('the line is busy')\n");
    assert_eq!(output_of(&mut python), expected);
}

#[test]
fn the_csharp_example_compiles_and_runs() {
    let directory = directory("csharp");
    std::fs::write(directory.join("Example.cs"), blocks("csharp").remove(0)).expect("written");
    let binding = std::fs::read_dir(root().join("examples/csharp/Wsrt")).expect("the binding").flatten();
    let sources = binding.map(|file| file.path()).filter(|file| file.extension().is_some_and(|end| end == "cs"));
    let mut compile = Command::new("mcs");
    output_of(
        compile
            .args(["-langversion:7.2", "-warnaserror", "-out:Example.exe", "Example.cs"])
            .args(sources)
            .current_dir(&directory),
    );
    let library = std::env::current_exe().expect("this test");
    let mut run = Command::new("mono");
    run.arg(directory.join("Example.exe")).env("LD_LIBRARY_PATH", library.parent().expect("a directory"));
    assert_eq!(output_of(&mut run), "end the connection, registered as something\n");
}

/// A directory of one example's own.
fn directory(of: &str) -> PathBuf {
    let directory = std::env::current_exe().expect("this test").with_file_name(format!("readme-{of}"));
    std::fs::create_dir_all(&directory).expect("a directory");
    directory
}

/// Compiles an example as the README says to link statically, runs it, and gives back what it prints.
fn compiled_and_run(of: &str, compiler: &str, options: &[&str], example: &str) -> String {
    let directory = directory(of);
    let source = format!("example.{of}");
    std::fs::write(directory.join(&source), example).expect("written");
    let library = std::env::current_exe().expect("this test").with_file_name("libwsrt.a");
    let built = Command::new(compiler)
        .args(options)
        .args(["-Wall", "-Wextra", "-Werror", "-DWSRT_STATIC", "-o", "example", &source, "-I"])
        .arg(root().join("include"))
        .arg(library)
        .args(static_libraries())
        .current_dir(&directory)
        .status();
    assert!(built.unwrap_or_else(|why| panic!("{compiler} is needed: {why}")).success());
    output_of(&mut Command::new(directory.join("example")))
}

fn output_of(command: &mut Command) -> String {
    let ran = command.output().unwrap_or_else(|why| panic!("{command:?}: {why}"));
    assert!(ran.status.success(), "{command:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).expect("UTF-8")
}

/// What the README says to link beside libwsrt.a.
fn static_libraries() -> Vec<String> {
    let linking = blocks("sh").into_iter().find(|block| block.contains("libwsrt.a")).expect("how to link");
    let line = linking.lines().find(|line| line.contains("WSRT_STATIC")).expect("how to link statically");
    line.split(' ').filter(|word| word.starts_with("-l")).map(str::to_owned).collect()
}

#[test]
fn every_command_is_a_target() {
    let makefile = read(&root().join("Makefile"));
    let readme = read(&root().join("README.md"));
    // In running text a command stands in backquotes or at the beginning of a line.
    let commands = ["\nmake ", "`make "].map(|begin| readme.split(begin).skip(1)).into_iter().flatten();
    let target = |rest: &'_ str| rest.split(|c: char| !c.is_ascii_lowercase() && c != '-').next().map(str::to_owned);
    let targets: Vec<String> = commands.filter_map(target).collect();
    assert!(targets.len() > 5, "{targets:?}");
    for target in targets {
        let there = makefile.lines().any(|line| line.starts_with(&format!("{target}:")));
        assert!(there, "make {target} is no target");
    }
}

#[test]
fn the_architecture_names_every_source_file() {
    let picture = blocks("text").into_iter().find(|block| block.contains("src/core/")).expect("a picture");
    let readme = read(&root().join("README.md"));
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.file_stem().and_then(|name| name.to_str()).expect("a name");
            let known = ["lib", "build", "core"].contains(&name)
                || picture.contains(name)
                || readme.contains(&format!("/{name}.rs"));
            assert!(known, "{} is not in the picture", path.display());
        }
    }
}
