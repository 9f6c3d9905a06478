//! wsrt.hpp: the story in C++, the header under every compiler and beside others, the programs of tests/cpp under
//! sanitizers, and libraries that are not the one it was made for.

mod support;
#[path = "support/toolchain.rs"]
mod toolchain;

use std::path::{Path, PathBuf};
use std::process::Command;
use support::{read, root};
use toolchain::{STATIC_LIBRARIES, archive, compiler, libraries, must, run, scratch, stage, text, tool, write};
use wsrt::ffi::codes::{WSRT_ABI_VERSION, WSRT_E_NOINTERFACE};

const COMPILERS: [&str; 2] = ["g++", "clang++"];

const STANDARDS: [&str; 2] = ["c++17", "c++20"];

const STRICT: [&str; 2] = ["-Wshadow", "-Wconversion"];

const SANITIZERS: [&str; 2] = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/// Of tests/cpp; what else is there stands for a library.
const PROGRAMS: [&str; 8] =
    ["leases", "owners", "pool_threads", "pool_throwing", "pool_values", "threads", "throwing", "values"];

/// Every unit is compiled with it.
fn cxx(name: &str, standard: &str) -> Command {
    if name == "clang++" {
        tool("clang"); // named like its package
    }
    let mut cxx = compiler(name, standard);
    cxx.args(STRICT);
    if name == "clang++" {
        cxx.arg("-Wdocumentation"); // parameters that are not there
    }
    cxx
}

fn shared(name: &str, source: &Path, program: &Path) -> Command {
    let mut cxx = cxx(name, "c++17");
    cxx.arg(source).args(["-lwsrt", "-L"]).arg(libraries()).arg("-o").arg(program);
    cxx
}

/// A library that does nothing, under the name of the real one; gives back the directory to find it in.
fn stub(directory: &Path, variant: &str, abi: u32, create: &str, answer: &str) -> PathBuf {
    let directory = directory.join(variant);
    std::fs::create_dir_all(&directory).unwrap_or_else(|why| panic!("{}: {why}", directory.display()));
    let library = directory.join("stub.so");
    let mut cc = compiler("cc", "c99");
    cc.args(["-Wno-unused-parameter", "-shared", "-fPIC", "-Wl,-soname,libwsrt.so.0", "tests/cpp/stub.c"]);
    cc.arg(format!("-DSTUB_ABI={abi}"));
    must(cc.args([format!("-DSTUB_CREATE={create}"), format!("-DSTUB_ANSWER={answer}")]).arg("-o").arg(&library));
    stage(&directory, &library)
}

// ---- the story ----

#[test]
fn the_story_is_the_same_in_cpp() {
    let expected = read(&root().join("examples/expected-output.txt"));
    let source = root().join("examples/cpp/story.cpp");
    let directory = scratch("cpp-story");
    let library = stage(&directory, &libraries().join("libwsrt.so"));
    for name in COMPILERS {
        let (with_so, with_a) = (directory.join("with-so"), directory.join("with-a"));
        must(&mut shared(name, &source, &with_so));
        assert_eq!(must(Command::new(&with_so).env("LD_LIBRARY_PATH", &library)), expected, "{name}, libwsrt.so");
        let mut linked = cxx(name, "c++17");
        linked.arg("-DWSRT_STATIC").arg(&source).arg(archive()).args(STATIC_LIBRARIES).arg("-o").arg(&with_a);
        must(&mut linked);
        assert_eq!(must(&mut Command::new(&with_a)), expected, "{name}, libwsrt.a");
    }
}

#[test]
fn the_story_is_not_told_without_the_library() {
    let expected = read(&root().join("examples/expected-output.txt"));
    let directory = scratch("cpp-stub");
    let program = directory.join("story");
    must(&mut shared("g++", &root().join("examples/cpp/story.cpp"), &program));
    let right = WSRT_ABI_VERSION;
    for (variant, abi, create, answer) in [
        ("other", 0, "WSRT_S_OK", "WSRT_S_OK"),
        ("fails", right, "WSRT_E_NOTIMPL", "WSRT_E_NOTIMPL"),
        ("fails-later", right, "WSRT_S_OK", "WSRT_E_NOTIMPL"),
        ("lies", right, "WSRT_S_OK", "WSRT_S_OK"),
    ] {
        let library = stub(&directory, variant, abi, create, answer);
        let output = run(Command::new(&program).env("LD_LIBRARY_PATH", library));
        let (code, told) = (output.status.code(), text(&output.stdout));
        let ends = if variant == "lies" { 0 } else { 1 };
        assert_eq!(code, Some(ends), "{variant}: {}\n{}", output.status, text(&output.stderr));
        assert!(!told.is_empty() && told != expected, "{variant}: tells a story that did not happen");
        let registered = told.lines().filter(|line| line.starts_with("registered: "));
        assert!(registered.clone().all(|line| line == "registered: 0"), "{variant}: counts who is not there");
        assert!(!told.contains("is told to disconnect"), "{variant}: nobody was told");
    }
}

// ---- the header ----

#[test]
fn the_header_compiles_alone_and_twice() {
    let directory = scratch("cpp-header");
    let sources = [
        ("once", "#include \"wsrt.hpp\"\n"),
        ("twice", "#include \"wsrt.hpp\"\n#include \"wsrt.h\"\n#include \"wsrt.hpp\"\n"),
        ("pool", "#include \"wsrt_pool.hpp\"\nusing both = std::pair<wsrt::runtime, wsrt::lease>;\n"),
        ("pool-last", "#include \"wsrt.hpp\"\n#include \"wsrt_pool.hpp\"\nusing it = wsrt::lease;\n"),
        ("static", "#define WSRT_STATIC\n#include \"wsrt.h\"\n#include \"wsrt.hpp\"\n"),
    ];
    for (file, source) in sources {
        let file = directory.join(file).with_extension("cpp");
        write(&file, source);
        for (name, standard) in COMPILERS.iter().flat_map(|name| STANDARDS.map(|standard| (name, standard))) {
            must(cxx(name, standard).arg("-fsyntax-only").arg(&file));
        }
    }
}

#[test]
fn the_header_says_what_it_needs() {
    let directory = scratch("cpp-needs");
    let file = directory.join("needs.cpp");
    write(&file, "#include \"wsrt.hpp\"\n");
    for name in COMPILERS {
        for (standard, flag, said) in [
            ("c++14", "-fexceptions", "wsrt.hpp needs C++17"),
            ("c++17", "-fno-exceptions", "wsrt.hpp needs exceptions; without them use wsrt.h"),
        ] {
            let output = run(cxx(name, standard).args([flag, "-fsyntax-only"]).arg(&file));
            assert!(!output.status.success() && text(&output.stderr).contains(said), "{name}: {said}");
        }
    }
}

/// Both use everything, so that everything is in both; what one sets the other sees.
#[test]
fn two_units_link_together() {
    let directory = scratch("cpp-units");
    let unit = |function: &str| {
        format!(
            "#include \"wsrt.h\"\n#include \"wsrt.hpp\"\n\
             int {function}(wsrt::runtime_ref runtime);\nint {function}(wsrt::runtime_ref runtime)\n{{\n    \
             const wsrt::logger log(wsrt::log_level::info,\n                           \
             [](wsrt::log_level, std::string_view, std::string_view) {{}});\n    \
             const wsrt::subscription watch =\n        \
             runtime.subscribe([](wsrt::resource_change, const wsrt::resource_view &) {{}});\n    \
             wsrt::registration made = runtime.add_resource(\"w\", \"{function}\", [] {{ throw 1; }});\n    \
             const wsrt::context inside(0, 7);\n    \
             const auto create = [](dispenser_restypid type) {{ return type; }};\n    \
             const wsrt::dispenser pool(create, [](dispenser_resid) {{}});\n    \
             const wsrt::lease held = pool.alloc_resource(5);\n    \
             return runtime.try_disconnect_workspace(\"w\") == WSRT_E_FAIL &&\n           \
             runtime.resources().size() == 1 && pool.resources().size() == 1 &&\n           \
             wsrt::try_transaction_ended(7, true) == WSRT_S_OK;\n}}\n"
        )
    };
    let main = "#include \"wsrt.hpp\"\nint first(wsrt::runtime_ref);\nint second(wsrt::runtime_ref);\n\
        static int seen = 0;\nint main()\n{\n    \
        wsrt::set_exception_handler([](const char *, std::exception_ptr) { seen += 1; });\n    \
        wsrt::runtime runtime;\n    \
        return !(first(runtime) && second(runtime) && seen == 2);\n}\n";
    let library = stage(&directory, &libraries().join("libwsrt.so"));
    for (name, other, standard) in [("g++", "clang++", "c++17"), ("clang++", "g++", "c++20"), ("g++", "g++", "c++20")] {
        let mut objects = Vec::new();
        let sources =
            [("main", main.to_owned(), name), ("first", unit("first"), name), ("second", unit("second"), other)];
        for (file, source, by) in sources {
            let source_file = directory.join(file).with_extension("cpp");
            let object = source_file.with_extension("o");
            write(&source_file, &source);
            must(cxx(by, standard).arg("-c").arg(&source_file).arg("-o").arg(&object));
            objects.push(object);
        }
        let program = directory.join("program");
        must(cxx(name, standard).args(&objects).args(["-lwsrt", "-L"]).arg(libraries()).arg("-o").arg(&program));
        must(Command::new(&program).env("LD_LIBRARY_PATH", &library));
    }
}

/// What windows.h and headers like it put in everybody's way: before ours, with the standard headers before or after
/// them (those of libstdc++ take min and max away again), and after ours.
#[test]
fn names_of_windows_headers_do_not_clash() {
    const WINDOWS: &str = "typedef long HRESULT;\ntypedef unsigned long DWORD, ULONG;\ntypedef int BOOL;\n\
        typedef unsigned char BYTE, BOOLEAN;\ntypedef void *HANDLE, *HWND;\ntypedef struct { long left; } RECT;\n\
        typedef struct { unsigned long Data1; } GUID;\n#define S_OK ((HRESULT)0L)\n#define S_FALSE ((HRESULT)1L)\n\
        #define E_FAIL ((HRESULT)0x80004005L)\n#define E_HANDLE ((HRESULT)0x80070006L)\n\
        #define SUCCEEDED(hr) (((HRESULT)(hr)) >= 0)\n#define FAILED(hr) (((HRESULT)(hr)) < 0)\n\
        #define INFINITE 0xFFFFFFFF\n#define TRUE 1\n#define FALSE 0\n#define IN\n#define OUT\n#define OPTIONAL\n\
        #define near\n#define far\n#define small char\n#define interface struct\n#define ERROR 0\n#define DELETE 1\n\
        #define STRICT 1\n#define CONST const\n#define VOID void\n#define NO_ERROR 0\n";
    const MINMAX: &str = "#define min(a, b) ((a) < (b) ? (a) : (b))\n#define max(a, b) ((a) > (b) ? (a) : (b))\n";
    const STANDARD: &str = "#include <atomic>\n#include <chrono>\n#include <cstdint>\n#include <cstdio>\n\
        #include <cstring>\n#include <exception>\n#include <functional>\n#include <memory>\n#include <new>\n\
        #include <stdexcept>\n#include <string>\n#include <string_view>\n#include <type_traits>\n#include <utility>\n\
        #include <vector>\n";
    const OURS: &str = "#include \"wsrt.h\"\n#include \"wsrt.hpp\"\n";
    const USE: &str = "HRESULT use(const wsrt::runtime &runtime);\nHRESULT use(const wsrt::runtime &runtime)\n{\n    \
        const wsrt::registration made = runtime.add_resource(\"w\", \"n\", [] {});\n    \
        const wsrt::dispenser pool([](dispenser_restypid type) { return type; }, [](dispenser_resid) {});\n    \
        const wsrt::lease held = pool.alloc_resource(5);\n    pool.sweep();\n    \
        return runtime.disconnect(wsrt::selection::all().with_deadline(wsrt::infinite)).code() + S_OK;\n}\n";
    let directory = scratch("cpp-windows");
    for (file, source) in [
        ("before", format!("{WINDOWS}{MINMAX}{OURS}{USE}")),
        ("between", format!("{STANDARD}{WINDOWS}{MINMAX}{OURS}{USE}")),
        ("after", format!("{OURS}{WINDOWS}{MINMAX}{USE}")),
    ] {
        let file = directory.join(file).with_extension("cpp");
        write(&file, &source);
        for (name, standard) in COMPILERS.iter().flat_map(|name| STANDARDS.map(|standard| (name, standard))) {
            must(cxx(name, standard).arg("-fsyntax-only").arg(&file));
        }
    }
}

/// Callbacks that answer what can be mistaken for a code are refused when they are compiled.
#[test]
fn a_truth_value_is_no_answer() {
    let directory = scratch("cpp-answers");
    for (answer, fits) in [("wsrt::status()", true), ("WSRT_S_OK", true), ("true", false), ("1L", false)] {
        let file = directory.join("answer.cpp");
        write(
            &file,
            &format!(
                "#include \"wsrt.hpp\"\nvoid add(wsrt::runtime_ref at);\nvoid add(wsrt::runtime_ref at)\n{{\n    \
                 at.add_resource(\"w\", \"n\", [](ws_cookie) {{ return {answer}; }}).remove();\n}}\n\
                 void make();\nvoid make()\n{{\n    \
                 wsrt::dispenser([](dispenser_restypid type) {{ return type; }},\n                    \
                 [](dispenser_resid) {{ return {answer}; }});\n}}\n"
            ),
        );
        for name in COMPILERS {
            let output = run(cxx(name, "c++17").arg("-fsyntax-only").arg(&file));
            assert_eq!(output.status.success(), fits, "{name}: {answer}\n{}", text(&output.stderr));
            assert!(fits || text(&output.stderr).contains("answers nothing, a wsrt::status or a wsrt_hresult"));
        }
    }
}

// ---- the programs of tests/cpp ----

fn sanitized(name: &str, program: &str, directory: &Path) -> PathBuf {
    let built = directory.join(format!("{program}-{name}"));
    let mut cxx = cxx(name, "c++17");
    cxx.args(["-g", "-O1", "-pthread", "-DWSRT_STATIC"]).args(SANITIZERS);
    cxx.arg(root().join("tests/cpp").join(program).with_extension("cpp")).arg("-o").arg(&built);
    must(cxx.arg(archive()).args(STATIC_LIBRARIES));
    let symbols = must(tool("nm").args(["--format=just-symbols"]).arg(&built));
    assert!(symbols.lines().any(|symbol| symbol.starts_with("__asan_init")), "{program}: built without the sanitizer");
    built
}

#[test]
fn the_programs_pass_under_sanitizers() {
    let directory = scratch("cpp-sanitizers");
    for program in PROGRAMS {
        must(&mut Command::new(sanitized("g++", program, &directory)));
    }
}

/// Without sanitizers clang++ makes the same programs, in the newer standard.
#[test]
fn the_programs_pass_with_the_other_compiler() {
    let directory = scratch("cpp-other");
    let library = stage(&directory, &libraries().join("libwsrt.so"));
    for program in PROGRAMS {
        let built = directory.join(program);
        let mut cxx = cxx("clang++", "c++20");
        cxx.args(["-O2", "-pthread"]).arg(root().join("tests/cpp").join(program).with_extension("cpp"));
        must(cxx.args(["-lwsrt", "-L"]).arg(libraries()).arg("-o").arg(&built));
        must(Command::new(&built).env("LD_LIBRARY_PATH", &library));
    }
}

#[test]
fn objects_with_static_storage_end_with_the_program() {
    let program = sanitized("g++", "at_exit", &scratch("cpp-at-exit"));
    let told = must(&mut Command::new(program));
    assert_eq!(told, "told 2, thrown 5, released 3 clients, 2 observers, 1 logs, 2 drivers\n");
}

/// High half the same, low half not smaller; everything else is refused, with both versions in the text.
#[test]
fn a_library_of_another_interface_is_refused() {
    let directory = scratch("cpp-mismatch");
    let program = directory.join("mismatch");
    must(&mut shared("g++", &root().join("tests/cpp/mismatch.cpp"), &program));
    let ours = WSRT_ABI_VERSION;
    for (abi, fits) in [(ours, true), (ours + 1, true), (ours - 1, false), (ours + 0x1_0000, false)] {
        let library = stub(&directory, &format!("{abi:08X}"), abi, "WSRT_S_OK", "WSRT_S_OK");
        let told = must(Command::new(&program).env("LD_LIBRARY_PATH", library));
        let (makers, tries) = if fits {
            ("fits".to_owned(), 0)
        } else {
            let text = format!("libwsrt 0.0.0 has interface 0x{abi:08X}, this program was compiled for 0x{ours:08X}");
            (format!("{WSRT_E_NOINTERFACE:08X} {text}"), WSRT_E_NOINTERFACE)
        };
        let told_by = |maker: &str| format!("{maker}: {makers}\n");
        let mut expected: String = ["runtime", "dispenser", "logger", "check_abi"].map(told_by).concat();
        expected += &format!("try_create: {tries:08X}, {tries:08X}, try_set: {tries:08X}\n");
        assert_eq!(told, expected, "{abi:08X}");
    }
}
