//! The library as programs in C and C++ see it: the story, the header in every dialect, the programs of tests/c under
//! sanitizers and under valgrind.

mod support;
#[path = "support/toolchain.rs"]
mod toolchain;

use std::path::{Path, PathBuf};
use std::process::Command;
use support::{bless_or_compare, exports, read, root};
use toolchain::{STATIC_LIBRARIES, archive, compiler, libraries, must, run, scratch, stage, text, tool, write};
use wsrt::ffi::codes::{CODES, CONSTANTS};
use wsrt::ffi::layout::layouts;

const DIALECTS: [(&str, &str, &str); 7] = [
    ("gcc", "c99", "c"),
    ("gcc", "c11", "c"),
    ("gcc", "c17", "c"),
    ("g++", "c++11", "cpp"),
    ("g++", "c++14", "cpp"),
    ("g++", "c++17", "cpp"),
    ("g++", "c++20", "cpp"),
];

const SANITIZERS: [&str; 2] = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

const VALGRIND: [&str; 3] = ["--quiet", "--error-exitcode=9", "--errors-for-leak-kinds=definite,indirect,possible"];

// ---- the story ----

fn shared_story(program: &Path) -> Command {
    let mut cc = compiler("cc", "c99");
    cc.args(["-Wconversion", "examples/c/story.c", "-lwsrt", "-L"]).arg(libraries()).arg("-o").arg(program);
    cc
}

fn static_story(program: &Path) -> Command {
    let mut cc = compiler("cc", "c99");
    cc.args(["-DWSRT_STATIC", "examples/c/story.c"]).arg(archive()).args(STATIC_LIBRARIES).arg("-o").arg(program);
    cc
}

#[test]
fn the_story_is_the_same_with_either_library() {
    let directory = scratch("story");
    let (with_so, with_a) = (directory.join("with-so"), directory.join("with-a"));
    must(&mut shared_story(&with_so));
    let library = stage(&directory, &libraries().join("libwsrt.so"));
    let told = must(Command::new(with_so).env("LD_LIBRARY_PATH", library));
    bless_or_compare("examples/expected-output.txt", &told);

    must(&mut static_story(&with_a));
    assert_eq!(must(&mut Command::new(with_a)), told);
}

/// Under the same program, a library that does nothing: the story must notice, whatever that library claims.
#[test]
fn the_story_is_not_told_without_the_library() {
    let directory = scratch("stub");
    let program = directory.join("story");
    must(&mut shared_story(&program));
    let library = stage(&directory, &libraries().join("libwsrt.so"));
    let told = must(Command::new(&program).env("LD_LIBRARY_PATH", library));
    let whole_library = exports();
    let variants = [
        ("fails", "WSRT_E_NOTIMPL", "WSRT_E_NOTIMPL"),
        ("fails-later", "WSRT_S_OK", "WSRT_E_NOTIMPL"),
        ("lies", "WSRT_S_OK", "WSRT_S_OK"),
    ];
    for (variant, create, answer) in variants {
        let directory = directory.join(variant);
        std::fs::create_dir(&directory).expect("a directory for the variant");
        let stub = directory.join("stub.so");
        let mut cc = compiler("cc", "c99");
        cc.args(["-Wno-unused-parameter", "-shared", "-fPIC", "-Wl,-soname,libwsrt.so.0", "tests/c/stub.c"]);
        must(cc.args([format!("-DSTUB_CREATE={create}"), format!("-DSTUB_ANSWER={answer}")]).arg("-o").arg(&stub));
        assert_eq!(defined_by(&stub), whole_library, "tests/c/stub.c stands for the whole library");

        let output = run(Command::new(&program).env("LD_LIBRARY_PATH", stage(&directory, &stub)));
        let code = output.status.code();
        assert!(matches!(code, Some(0 | 1)), "{variant}: {}\n{}", output.status, text(&output.stderr));
        let other = text(&output.stdout);
        assert!(!other.is_empty() && other != told, "{variant}: tells a story that did not happen");
        let registered = other.lines().filter(|line| line.starts_with("registered: "));
        assert!(registered.clone().all(|line| line == "registered: 0"), "{variant}: counts who is not there");
        assert!(!other.contains("is told to disconnect"), "{variant}: nobody was told");
    }
}

fn defined_by(library: &Path) -> Vec<String> {
    let lines = must(tool("nm").args(["-D", "--defined-only", "--format=just-symbols"]).arg(library));
    let mut names: Vec<String> = lines.lines().map(str::to_owned).collect();
    names.sort();
    names
}

/// The libraries that rustc names, without those that every `cc` adds by itself and those of which nothing is used.
#[test]
fn a_static_link_needs_three_libraries_at_most() {
    let (mut cargo, target) = toolchain::cargo("rustc", "native-libraries");
    // Beside the build: where that is up to date, so is the list.
    let list = target.join("list");
    must(cargo.args(["--crate-type", "staticlib", "--"]).arg(format!("--print=native-static-libs={}", list.display())));
    let named = read(&list);
    let of_cc = ["-lgcc_s", "-lc"];
    let unused = ["-lrt", "-lutil"];
    let mut needed: Vec<&str> = named.split_whitespace().collect();
    needed.retain(|library| !of_cc.contains(library) && !unused.contains(library));
    needed.sort();
    let mut told = STATIC_LIBRARIES.to_vec();
    told.sort();
    assert_eq!(needed, told, "rustc names {named}");

    let program = scratch("native-libraries-used").join("story");
    must(&mut static_story(&program));
    let undefined = must(tool("nm").args(["-D", "--undefined-only", "--format=just-symbols"]).arg(&program));
    let of_unused = ["aio_", "lio_", "mq_", "shm_", "timer_", "openpty", "forkpty", "login", "logout", "logwtmp"];
    let used: Vec<&str> = undefined.lines().filter(|name| of_unused.iter().any(|of| name.starts_with(of))).collect();
    assert!(used.is_empty(), "{used:?} would need {unused:?} where libc has no such functions");
}

// ---- the header ----

#[test]
fn the_header_compiles_alone_and_twice_in_every_dialect() {
    let directory = scratch("header");
    for (name, standard, extension) in DIALECTS {
        for (file, source) in [
            ("once", "#include \"wsrt.h\"\nextern int not_empty;\n"),
            ("twice", "#include \"wsrt.h\"\n#include \"wsrt_codes.h\"\n#include \"wsrt.h\"\nextern int not_empty;\n"),
            ("static", "#define WSRT_STATIC\n#include \"wsrt.h\"\nextern int not_empty;\n"),
        ] {
            let file = directory.join(file).with_extension(extension);
            write(&file, source);
            must(compiler(name, standard).args(["-Wconversion", "-fsyntax-only"]).arg(&file));
        }
    }
}

#[test]
fn two_units_of_either_language_link_together() {
    let directory = scratch("units");
    let unit = |function: &str| {
        format!(
            "#include \"wsrt.h\"\n#ifdef __cplusplus\nextern \"C\"\n#endif\nint {function}(void);\n\
             int {function}(void)\n{{\n    ws_client client = WS_CLIENT_INIT;\n    \
             return ws_runtime_destroy(WSRT_NULL) == WSRT_S_FALSE && client.cb_size == sizeof client;\n}}\n"
        )
    };
    let main = "int first(void);\nint second(void);\nint main(void)\n{\n    return !(first() && second());\n}\n";
    write(&directory.join("main.c"), main);
    let library = stage(&directory, &libraries().join("libwsrt.so"));
    for (name, standard, extension) in DIALECTS {
        let mut objects = Vec::new();
        for (function, extension) in [("first", extension), ("second", "c")] {
            let (name, standard) = if extension == "c" && name == "g++" { ("gcc", "c99") } else { (name, standard) };
            let source = directory.join(function).with_extension(extension);
            let object = source.with_extension("o");
            write(&source, &unit(function));
            must(compiler(name, standard).arg("-c").arg(&source).arg("-o").arg(&object));
            objects.push(object);
        }
        let program = directory.join("program");
        let mut gcc = compiler("gcc", "c99");
        gcc.arg(directory.join("main.c")).args(&objects).args(["-lwsrt", "-L"]).arg(libraries());
        must(gcc.arg("-o").arg(&program));
        must(Command::new(&program).env("LD_LIBRARY_PATH", &library));
    }
}

/// Every macro of wsrt_codes.h, used as a constant and printed by C, is what the table says.
#[test]
fn every_macro_means_what_the_table_says() {
    let initialisers: Vec<(String, &str, usize)> = (layouts().iter().filter(|layout| layout.input))
        .map(|layout| (layout.name.to_uppercase() + "_INIT", layout.name, layout.size))
        .collect();
    let mut expected = String::new();
    let mut source = String::from("#include \"wsrt.h\"\n#include <stdio.h>\n#include <string.h>\n\n");
    let mut body = String::new();
    let numbers = CODES.iter().map(|code| (code.name, code.value as u32, "int32_t"));
    for (name, value, kind) in numbers.chain(CONSTANTS.iter().map(|at| (at.name, at.value, "uint32_t"))) {
        source += &format!("static const {kind} of_{name} = {name};\n");
        body += &format!("    printf(\"{name} %08X %d\\n\", (unsigned)of_{name}, {name} < 0);\n");
        expected += &format!("{name} {value:08X} {}\n", i32::from(kind == "int32_t" && (value as i32) < 0));
    }
    for (name, of, size) in &initialisers {
        source += &format!("static const {of} of_{of} = {name};\n");
        body += &format!(
            "    {{\n        {of} zero;\n        memset(&zero, 0, sizeof zero);\n        \
             zero.cb_size = (uint32_t)sizeof zero;\n        \
             printf(\"{name} %u %d\\n\", (unsigned)of_{of}.cb_size, memcmp(&of_{of}, &zero, sizeof zero));\n    }}\n"
        );
        expected += &format!("{name} {size} 0\n");
    }
    source += &format!("\nint main(void)\n{{\n{body}    return 0;\n}}\n");

    let codes = read(&root().join("include/wsrt_codes.h"));
    let defined = codes.lines().filter_map(|line| line.strip_prefix("#define ")?.split_whitespace().next());
    let unused: Vec<&str> = defined.filter(|name| !expected.contains(&format!("{name} "))).collect();
    // The guard has no value; WSRT_NULL is used by the initialisers, and has one in each language.
    assert_eq!(unused, ["WSRT_CODES_H", "WSRT_NULL", "WSRT_NULL"], "not used in the C program");

    let directory = scratch("macros");
    for (name, standard, extension) in DIALECTS {
        let file = directory.join("macros").with_extension(extension);
        let program = directory.join("program");
        write(&file, &source);
        // A constant that is 0 or unsigned is never below 0: that comparison is the question here.
        must(compiler(name, standard).arg("-Wno-type-limits").arg(&file).arg("-o").arg(&program));
        assert_eq!(must(&mut Command::new(&program)), expected, "{name} -std={standard}");
    }
}

/// What windows.h and headers like it put in everybody's way, before and after ours.
#[test]
fn names_of_windows_headers_do_not_clash() {
    const WINDOWS: &str = "typedef long HRESULT;\ntypedef unsigned long DWORD, ULONG;\ntypedef int BOOL;\n\
        typedef unsigned char BYTE, BOOLEAN;\ntypedef short VARIANT_BOOL;\ntypedef void *HANDLE, *HWND;\n\
        typedef struct { unsigned long Data1; } GUID;\ntypedef struct { long left; } RECT;\n\
        #define S_OK ((HRESULT)0L)\n#define S_FALSE ((HRESULT)1L)\n#define E_FAIL ((HRESULT)0x80004005L)\n\
        #define E_HANDLE ((HRESULT)0x80070006L)\n#define E_INVALIDARG ((HRESULT)0x80070057L)\n\
        #define E_POINTER ((HRESULT)0x80004003L)\n#define RPC_E_DISCONNECTED ((HRESULT)0x80010108L)\n\
        #define SUCCEEDED(hr) (((HRESULT)(hr)) >= 0)\n#define FAILED(hr) (((HRESULT)(hr)) < 0)\n\
        #define INFINITE 0xFFFFFFFF\n#define TRUE 1\n#define FALSE 0\n#define IN\n#define OUT\n#define OPTIONAL\n\
        #define near\n#define far\n#define small char\n#define interface struct\n#define ERROR 0\n#define DELETE 1\n\
        #define STRICT 1\n#define CONST const\n#define VOID void\n#define min(a, b) ((a) < (b) ? (a) : (b))\n\
        #define max(a, b) ((a) > (b) ? (a) : (b))\n";
    let ours = "#include \"wsrt.h\"\n";
    let directory = scratch("windows");
    for (name, standard, extension) in DIALECTS {
        for (file, source) in [("before", format!("{WINDOWS}{ours}")), ("after", format!("{ours}{WINDOWS}"))] {
            let file = directory.join(file).with_extension(extension);
            write(&file, &format!("{source}extern ws_client client;\nextern HRESULT hr;\n"));
            must(compiler(name, standard).arg("-fsyntax-only").arg(&file));
        }
    }
}

// ---- the programs of tests/c ----

/// Name and source of each; what is no program of its own has its own test here.
fn programs() -> Vec<(String, PathBuf)> {
    let directory = root().join("tests/c");
    let entries = std::fs::read_dir(&directory).unwrap_or_else(|why| panic!("{}: {why}", directory.display()));
    let sources =
        entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.extension() == Some("c".as_ref()));
    let named = sources.map(|path| (path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), path));
    let mut programs: Vec<_> = named.filter(|(name, _)| !["stub", "planted"].contains(&name.as_str())).collect();
    programs.sort();
    assert!(programs.len() >= 13, "the programs of tests/c are found");
    programs
}

fn c11(source: &Path, program: &Path) -> Command {
    let mut gcc = compiler("gcc", "c11");
    gcc.args(["-D_POSIX_C_SOURCE=200809L", "-Wconversion", "-g", "-O1", "-pthread"]);
    gcc.arg(source).arg("-o").arg(program);
    gcc
}

fn valgrind(program: &Path, leak_check: &str) -> Command {
    let mut valgrind = tool("valgrind");
    let known = root().join("tests/c/valgrind.supp");
    valgrind.args(VALGRIND).arg(format!("--suppressions={}", known.display()));
    valgrind.arg(format!("--leak-check={leak_check}")).arg(program);
    valgrind
}

#[test]
fn the_programs_pass_under_sanitizers() {
    let directory = scratch("sanitizers");
    for (name, source) in programs() {
        let program = directory.join(&name);
        let mut gcc = c11(&source, &program);
        must(gcc.args(SANITIZERS).arg("-DWSRT_STATIC").arg(archive()).args(STATIC_LIBRARIES));
        let symbols = must(tool("nm").args(["-D", "--format=just-symbols"]).arg(&program));
        assert!(symbols.lines().any(|symbol| symbol == "__asan_init"), "{name}: built without the sanitizer");
        must(&mut Command::new(&program));
    }
}

#[test]
fn the_programs_pass_under_valgrind() {
    let directory = scratch("valgrind");
    let library = stage(&directory, &libraries().join("libwsrt.so"));
    for (name, source) in programs() {
        let program = directory.join(&name);
        must(c11(&source, &program).args(["-lwsrt", "-L"]).arg(libraries()));
        // A child of fork() forgets what it inherits, also what belonged to threads that it does not have: there all
        // that is lost. What the parent of that program loses is the sanitizer's to find.
        let leak_check = if name.ends_with("fork") { "no" } else { "full" };
        must(valgrind(&program, leak_check).env("LD_LIBRARY_PATH", &library));
    }
}

/// The watchers watch: the same flags find what was planted.
#[test]
fn planted_faults_are_found() {
    let directory = scratch("planted");
    let source = root().join("tests/c/planted.c");
    let (watched, plain) = (directory.join("watched"), directory.join("plain"));
    must(c11(&source, &watched).args(SANITIZERS));
    must(&mut c11(&source, &plain));
    must(Command::new(&watched).arg("none"));
    must(valgrind(&plain, "full").arg("none"));
    for (fault, said) in [
        ("heap-use-after-free", "AddressSanitizer: heap-use-after-free"),
        ("signed integer overflow", "runtime error: signed integer overflow"),
        ("leak", "LeakSanitizer: detected memory leaks"),
    ] {
        let output = run(Command::new(&watched).arg(fault));
        let stderr = text(&output.stderr);
        assert!(!output.status.success() && stderr.contains(said), "{fault} is not found: {stderr}");
    }
    for fault in ["heap-use-after-free", "leak"] {
        let output = run(valgrind(&plain, "full").arg(fault));
        assert_eq!(output.status.code(), Some(9), "valgrind does not find {fault}");
    }
}
