//! The library as Python sees it: the package examples/python/wsrt, its story, and its own tests.

mod support;
#[path = "support/toolchain.rs"]
mod toolchain;

use std::path::{Path, PathBuf};
use std::process::Command;
use support::{exports, read, root};
use toolchain::{compiler, libraries, must, run, scratch, stage, text, tool, write};
use wsrt::ffi::codes::{CODES, CONSTANTS};
use wsrt::ffi::layout::layouts;

/// Debian's own Python, whatever others come first in PATH: its packages belong to that one.
const PYTHON: &str = "/usr/bin/python3";

fn missing(what: &str) -> String {
    format!(
        "missing: {what}; run scripts/need.sh python3 python3-venv python3-pip python3-setuptools python3-wheel mypy"
    )
}

/// A Python with nothing of this environment in it, that leaves nothing in the repository.
fn bare_python(program: &Path) -> Command {
    assert!(program.is_file(), "{}", missing(&program.display().to_string()));
    let mut python = Command::new(program);
    for name in ["PYTHONPATH", "PYTHONHOME", "WSRT_LIBRARY", "LD_LIBRARY_PATH", "VIRTUAL_ENV"] {
        python.env_remove(name);
    }
    python.env("PYTHONDONTWRITEBYTECODE", "1").env("PIP_CONFIG_FILE", "/dev/null");
    python
}

fn package() -> PathBuf {
    root().join("examples/python")
}

/// A Python that finds the package.
fn python() -> Command {
    let mut python = bare_python(Path::new(PYTHON));
    python.current_dir(package()).env("PYTHONPATH", package());
    python
}

fn real_library() -> PathBuf {
    libraries().join("libwsrt.so")
}

fn expected() -> String {
    read(&root().join("examples/expected-output.txt"))
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap_or_else(|why| panic!("{}: {why}", to.display()));
    for entry in std::fs::read_dir(from).unwrap_or_else(|why| panic!("{}: {why}", from.display())) {
        let from = entry.expect("an entry").path();
        let name = from.file_name().expect("a name");
        if from.is_dir() {
            if name != "__pycache__" {
                copy(&from, &to.join(name));
            }
        } else {
            std::fs::copy(&from, to.join(name)).unwrap_or_else(|why| panic!("{}: {why}", from.display()));
        }
    }
}

// ---- the story ----

#[test]
fn the_story_is_the_same() {
    let told = must(python().arg("story.py").env("WSRT_LIBRARY", real_library()));
    assert_eq!(told, expected());
}

/// A stub from tests/c/stub.c; with an interface version of the header's if it is to be believed at load.
fn stub(directory: &Path, create: &str, answer: &str, believed: bool) -> PathBuf {
    std::fs::create_dir_all(directory).expect("a directory for the stub");
    let (source, library) = (directory.join("stub.c"), directory.join("stub.so"));
    let mut c = String::new();
    if believed {
        c += "#define wsrt_abi_version version_of_the_stub\n";
    }
    c += "#include \"tests/c/stub.c\"\n";
    if believed {
        c += "#undef wsrt_abi_version\nWSRT_API uint32_t wsrt_abi_version(void);\n\
              WSRT_API uint32_t wsrt_abi_version(void)\n{\n    return WSRT_ABI_VERSION;\n}\n";
    }
    write(&source, &c);
    let mut cc = compiler("cc", "c99");
    cc.args(["-Wno-unused-parameter", "-I.", "-shared", "-fPIC", "-Wl,-soname,libwsrt.so.0"]).arg(&source);
    must(cc.args([format!("-DSTUB_CREATE={create}"), format!("-DSTUB_ANSWER={answer}")]).arg("-o").arg(&library));
    library
}

/// Under the same program, a library that does nothing: the story must notice, whatever that library claims.
#[test]
fn the_story_is_not_told_without_the_library() {
    let directory = scratch("python-stub");
    let variants = [
        ("fails", "WSRT_E_NOTIMPL", "WSRT_E_NOTIMPL"),
        ("fails-later", "WSRT_S_OK", "WSRT_E_NOTIMPL"),
        ("lies", "WSRT_S_OK", "WSRT_S_OK"),
    ];
    for (variant, create, answer) in variants {
        let stub = stub(&directory.join(variant), create, answer, true);
        let output = run(python().arg("story.py").env("WSRT_LIBRARY", stub));
        let (code, stderr) = (output.status.code(), text(&output.stderr));
        assert!(matches!(code, Some(0 | 1)), "{variant}: {}\n{stderr}", output.status);
        assert!(!stderr.contains("Traceback"), "{variant}: {stderr}");
        let other = text(&output.stdout);
        assert!(!other.is_empty() && other != expected(), "{variant}: tells a story that did not happen");
        let mut registered = other.lines().filter(|line| line.starts_with("registered: "));
        assert!(registered.all(|line| line == "registered: 0"), "{variant}: counts who is not there");
        assert!(!other.contains("is told to disconnect"), "{variant}: nobody was told");
    }
}

/// What it says is asserted by itself, with real connections; the time is the machine's.
#[test]
fn the_pool_of_sqlite_connections_runs() {
    let told = must(python().args(["-W", "error", "sqlite_pool.py"]).env("WSRT_LIBRARY", real_library()));
    assert_eq!(told.lines().count(), 7, "{told}");
    assert!(told.ends_with("317 times a connection was asked for, 4 were opened\n"), "{told}");
}

// ---- finding and loading ----

#[test]
fn another_interface_is_refused_when_it_is_loaded() {
    let stub = stub(&scratch("python-abi"), "WSRT_S_OK", "WSRT_S_OK", false);
    let output = run(python().args(["-c", "import wsrt"]).env("WSRT_LIBRARY", &stub));
    let stderr = text(&output.stderr);
    let said = "offers version 0.0 of the interface, and this package needs 0.1 or a later 0.x";
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains(&format!("ImportError: {} {said}", stub.display())), "{stderr}");
}

#[test]
fn the_library_is_found_in_the_documented_order() {
    const WHERE: &str = "import wsrt; print(wsrt._library.path)";
    let directory = scratch("python-finding");
    copy(&package().join("wsrt"), &directory.join("package/wsrt"));
    let beside = directory.join("package/wsrt/libwsrt.so.0");
    let by_loader = stage(&directory, &real_library());
    let at = || {
        let mut python = bare_python(Path::new(PYTHON));
        python.current_dir(&directory).env("PYTHONPATH", directory.join("package")).args(["-c", WHERE]);
        python
    };

    let stderr = text(&run(&mut at()).stderr);
    let tried = [format!("{}: ", beside.display()), "libwsrt.so.0 as the loader finds it: ".to_owned()];
    assert!(stderr.contains("libwsrt is not found; tried:"), "{stderr}");
    assert!(tried.iter().all(|place| stderr.contains(place)), "{stderr}");

    assert_eq!(must(at().env("LD_LIBRARY_PATH", &by_loader)), "libwsrt.so.0\n");
    std::os::unix::fs::symlink(real_library(), &beside).expect("a link");
    assert_eq!(must(at().env("LD_LIBRARY_PATH", &by_loader)), format!("{}\n", beside.display()));
    assert_eq!(must(at().env("WSRT_LIBRARY", real_library())), format!("{}\n", real_library().display()));

    // Whoever names one means that one.
    let stderr = text(&run(at().env("WSRT_LIBRARY", "/nowhere/libwsrt.so")).stderr);
    assert!(stderr.contains("WSRT_LIBRARY=/nowhere/libwsrt.so: "), "{stderr}");
    assert!(!stderr.contains("as the loader finds it"), "{stderr}");
}

#[test]
fn it_is_installed_by_pip_without_a_network() {
    let directory = scratch("python-pip");
    let environment = directory.join("venv");
    let program = environment.join("bin/python");
    let made = run(bare_python(Path::new(PYTHON)).args(["-m", "venv", "--system-site-packages"]).arg(&environment));
    assert!(made.status.success(), "{}\n{}", missing("venv"), text(&made.stdout));
    let tools = run(bare_python(&program).args(["-c", "import setuptools, wheel, pip"]));
    assert!(tools.status.success(), "{}", missing(&text(&tools.stderr)));

    // pip builds where the sources are: a copy keeps the repository clean.
    let sources = directory.join("sources");
    copy(&package(), &sources);
    let mut pip = bare_python(&program);
    pip.args(["-m", "pip", "install", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]);
    must(pip.arg(&sources));
    std::fs::remove_dir_all(&sources).expect("the sources go away");

    let story = directory.join("story.py");
    std::fs::copy(package().join("story.py"), &story).expect("the story");
    let at = || {
        let mut python = bare_python(&program);
        python.current_dir(&directory).env("WSRT_LIBRARY", real_library());
        python
    };
    let installed = must(at().args(["-c", "import wsrt; print(wsrt.__file__)"]));
    assert!(installed.starts_with(&environment.display().to_string()), "{installed}");
    assert!(Path::new(installed.trim()).with_file_name("py.typed").is_file(), "the types are installed too");
    assert_eq!(must(at().arg(&story)), expected());
}

// ---- what both sides must see alike ----

#[test]
fn the_numbers_are_the_library_s() {
    const SHOW: &str = "
import wsrt
from wsrt import _codes
for name, value in vars(_codes).items():
    if isinstance(value, wsrt.Code):
        print('WSRT_' + name, value & 0xFFFFFFFF)
        assert value.name == 'WSRT_' + name and name in wsrt.__all__, name
for prefix, kind in (('WSRT_LOG', wsrt.Level), ('WS_STATE', wsrt.State), ('WS_CHANGE', wsrt.Change),
                     ('WS_OUTCOME', wsrt.Outcome), ('DISPENSER', wsrt.DispenserState),
                     ('DISPENSER_RESOURCE', wsrt.ResourceState), ('DISPENSER_EVENT', wsrt.Event)):
    for one in kind:
        print(f'{prefix}_{one.name}', int(one))
print('WSRT_ABI_VERSION', wsrt.ABI_VERSION)
print('WSRT_INFINITE', wsrt.INFINITE)
print('WS_RUNTIME_EMBEDDED', _codes.RUNTIME_EMBEDDED)
print('WS_DISCONNECT_ALL', _codes.DISCONNECT_ALL)
for name in ('AUTO_RECLAIM', 'NO_POOLING', 'MANUAL_SWEEP', 'RATING_UNUSABLE', 'RATING_PERFECT'):
    print('DISPENSER_' + name, getattr(_codes, name))
";
    let shown = must(python().args(["-c", SHOW]).env("WSRT_LIBRARY", real_library()));
    let mut shown: Vec<&str> = shown.lines().collect();
    let codes = CODES.iter().map(|code| format!("{} {}", code.name, code.value as u32));
    let mut known: Vec<String> =
        codes.chain(CONSTANTS.iter().map(|constant| format!("{} {}", constant.name, constant.value))).collect();
    shown.sort();
    known.sort();
    assert_eq!(shown, known);
}

#[test]
fn the_structs_are_the_library_s() {
    const SHOW: &str = "
import ctypes
from wsrt import _layout
names = {'Guid': 'wsrt_guid', 'Log': 'wsrt_log', 'RuntimeOptions': 'ws_runtime_options', 'Client': 'ws_client',
         'ResourceInfo': 'ws_resource_info', 'Observer': 'ws_observer', 'Disconnect': 'ws_disconnect',
         'DisconnectReport': 'ws_disconnect_report', 'DispenserDriver': 'dispenser_driver',
         'DispenserOptions': 'dispenser_options', 'DispenserStats': 'dispenser_stats',
         'DispenserResourceInfo': 'dispenser_resource_info'}
for name, of in names.items():
    kind = getattr(_layout, name)
    print(of, ctypes.sizeof(kind), *(f'{field[0]}={getattr(kind, field[0]).offset}' for field in kind._fields_))
fields = range(1, 10)
assert _layout.pack_client(*fields) == bytes(_layout.Client(*fields))
";
    let shown = must(python().args(["-c", SHOW]).env("WSRT_LIBRARY", real_library()));
    let known = layouts().into_iter().map(|layout| {
        let fields: Vec<String> = layout.fields.iter().map(|(name, offset)| format!("{name}={offset}")).collect();
        format!("{} {} {}\n", layout.name, layout.size, fields.join(" "))
    });
    assert_eq!(shown, known.collect::<String>());
}

/// A function that the package does not use, or uses under a name that is none, is seen here and not at run time.
#[test]
fn every_function_is_used_or_has_another_that_does_as_much() {
    let directory = package().join("wsrt");
    let entries = std::fs::read_dir(&directory).expect("the package");
    let sources = entries.map(|entry| entry.expect("an entry").path());
    let package: String =
        sources.filter(|path| path.extension() == Some("py".as_ref())).map(|path| read(&path)).collect();
    let used = |part: &str| part.split(|c: char| c != '_' && !c.is_ascii_alphanumeric()).next().map(str::to_owned);
    let mut used: Vec<String> = package
        .split("lib.")
        .skip(1)
        .chain(package.split("library.").skip(1))
        .filter_map(used)
        .filter(|name| name.starts_with("ws") || name.starts_with("dispenser_"))
        .collect();
    used.sort();
    used.dedup();
    let mut offered = exports();
    // Its one argument more is not looked at by the library.
    offered.retain(|name| name != "ws_remove_resource_ex");
    assert_eq!(used, offered);
}

// ---- its own tests ----

#[test]
fn the_tests_of_the_package_pass() {
    let mut python = python();
    python.args(["-X", "faulthandler", "-m", "unittest", "discover", "-s", "tests", "-t", "."]);
    let output = run(python.env("WSRT_LIBRARY", real_library()));
    let said = text(&output.stderr);
    assert!(output.status.success(), "{}\n{}{said}", output.status, text(&output.stdout));
    let count = said.lines().find_map(|line| line.strip_prefix("Ran ")?.split(' ').next()?.parse::<u32>().ok());
    assert!(count.is_some_and(|count| count >= 85), "the tests are found: {said}");
    assert!(!said.contains("skipped"), "none is skipped: {said}");
    assert!(!said.contains("Exception ignored"), "no exception is lost in a finalizer or a thunk: {said}");
}

#[test]
fn it_is_typed_strictly() {
    let cache = scratch("python-mypy");
    let mut mypy = tool("mypy");
    mypy.current_dir(package()).args(["--strict", "--cache-dir"]).arg(cache);
    must(mypy.args(["wsrt", "story.py", "sqlite_pool.py", "bench.py", "tests"]));
}
