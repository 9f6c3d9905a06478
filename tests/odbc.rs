//! The ODBC example as a test: the demo, its coordinator killed at every step, a log that is torn or damaged, and a
//! pool whose server processes are killed. What the demo needs and is not there, and cannot be installed, fails these
//! tests by name.
#![cfg(target_os = "linux")]

mod support;
#[path = "support/toolchain.rs"]
mod toolchain;

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use support::root;
use toolchain::{STATIC_LIBRARIES, archive, compiler, must, run, scratch, text, write};

const SOURCES: [&str; 8] =
    ["type.c", "connection.c", "pool.c", "coordinator.c", "recovery.c", "protocol.c", "decisions.c", "record.c"];

const SANITIZERS: [&str; 2] = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

const SIGKILL: i32 = 9;

// ---- the demo ----

#[test]
fn the_demo_keeps_its_promises() {
    let mut demo = Demo::start("whole", &[], Stdio::null());
    let status = demo.end();
    let output = demo.output();
    assert!(status.success(), "{status}:\n{output}");
    demo.assert_nothing_is_left();
    let rows = ["PostgreSQL", "SQLite", "reset", "affinity", "killed", "two phases", "killed before", "killed after"];
    for row in rows {
        assert!(output.lines().any(|line| line.starts_with(row)), "no row {row}:\n{output}");
    }
    assert!(output.contains("recovered: 0 committed, 2 rolled back"), "{output}");
    assert!(output.contains("recovered: 2 committed, 0 rolled back"), "{output}");
    assert!(output.lines().all(|line| line.len() <= 160), "{output}");
}

#[test]
fn an_interrupted_demo_leaves_nothing_behind() {
    for (case, moment) in [("building", "building the library"), ("running", "SQLite ")] {
        let mut demo = Demo::start(case, &[], Stdio::null());
        demo.wait_for(moment);
        let interrupted = Instant::now();
        demo.signal("INT");
        let status = demo.end();
        assert!(interrupted.elapsed() < Duration::from_secs(30), "{case}: took {:?}", interrupted.elapsed());
        demo.assert_nothing_is_left();
        assert_eq!(status.code(), Some(130), "{case}:\n{}", demo.output());
    }
}

/// A shell that has been forked and has not yet become the command may drop a signal; the build or the servers would
/// then run to their end.
#[test]
fn a_job_that_drops_the_signal_is_asked_again() {
    let bin = scratch("odbc-deaf-bin");
    let timeout = "#!/bin/sh\ncase $* in *'sleep 77'*) trap '' TERM; echo deaf; sleep 0.5; trap - TERM ;; esac\n\
                   exec /usr/bin/timeout \"$@\"\n";
    write(&bin.join("timeout"), timeout);
    must(Command::new("chmod").arg("+x").arg(bin.join("timeout")));
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").expect("a path"));
    let mut demo = Demo::start_with("deaf", &["sleep", "77"], Stdio::null(), &path);
    demo.wait_for("deaf\n");
    let interrupted = Instant::now();
    demo.signal("TERM");
    assert_eq!(demo.end().code(), Some(143), "{}", demo.output());
    assert!(interrupted.elapsed() < Duration::from_secs(30), "took {:?}", interrupted.elapsed());
    demo.assert_nothing_is_left();
}

#[test]
fn the_demo_answers_with_the_failure_of_its_program() {
    let mut demo = Demo::start("failing", &["sh", "-c", "exit 7"], Stdio::null());
    assert_eq!(demo.end().code(), Some(7), "{}", demo.output());
    demo.assert_nothing_is_left();
}

// ---- the coordinator ----

#[test]
fn a_coordinator_killed_at_any_step_leaves_all_or_nothing() {
    let transfer = program("transfer", "kill");
    let servers = Servers::start("kill");
    let log = transfer.with_file_name("log");
    let mut ordered = 0;
    // Where it dies, and what its transaction has come to: 2 databases prepared and known, or what is left of them.
    for (point, left, committed) in [
        ("worked", 0, false),
        ("prepared-1", 1, false),
        ("prepared-2", 2, false),
        ("decided", 2, true),
        ("told-1", 1, true),
        ("told-2", 0, true),
        ("finished", 0, true),
        ("cleaned", 0, true),
    ] {
        let killed = servers.transfer(&transfer, &log, Some(point), Some(10));
        assert_eq!(killed.status.signal(), Some(SIGKILL), "{point}: {killed:?}");
        servers.assert_prepared(left, point);
        let told = must(&mut servers.command(&transfer, &log, None, None));
        let counts = if committed { (left, 0) } else { (0, left) };
        assert_eq!(told, format!("recovered: {} committed, {} rolled back\n", counts.0, counts.1), "{point}");
        ordered += if committed { 10 } else { 0 };
        servers.assert_ordered(ordered, point);
    }
    servers.end();
}

#[test]
fn a_recovery_that_is_killed_is_finished_by_the_next() {
    let transfer = program("transfer", "again");
    let servers = Servers::start("again");
    let log = transfer.with_file_name("log");
    for (point, ordered) in [("prepared-2", 0), ("decided", 10)] {
        servers.transfer(&transfer, &log, Some(point), Some(10));
        let killed = servers.transfer(&transfer, &log, Some("resolved-1"), None);
        assert_eq!(killed.status.signal(), Some(SIGKILL), "{point}: {killed:?}");
        servers.assert_prepared(1, point);
        must(&mut servers.command(&transfer, &log, None, None));
        servers.assert_ordered(ordered, point);
        // Two that follow one another begin with nothing to do.
        let told = must(&mut servers.command(&transfer, &log, None, None));
        assert_eq!(told, "recovered: 0 committed, 0 rolled back\n", "{point}");
    }
    servers.end();
}

/// A line that a crash has torn was acted on by nobody, so that its transaction has not happened.
#[test]
fn a_torn_line_at_the_end_of_the_log_is_no_decision() {
    let transfer = program("transfer", "torn");
    let servers = Servers::start("torn");
    let log = transfer.with_file_name("log");
    let line = "12345678 commit 0123456789abcdef\n".len();
    for torn in [1, 2, line / 2, line - 1, line] {
        servers.transfer(&transfer, &log, Some("decided"), Some(10));
        let whole = fs::read(&log).expect("a log");
        fs::write(&log, &whole[..whole.len() - torn]).expect("torn");
        let told = must(&mut servers.command(&transfer, &log, None, None));
        assert_eq!(told, "recovered: 0 committed, 2 rolled back\n", "{torn} bytes");
        servers.assert_ordered(0, "torn");
    }
    // What stands before a torn line holds, and what comes after it begins on a line of its own.
    servers.transfer(&transfer, &log, Some("decided"), Some(10));
    let mut whole = fs::read(&log).expect("a log");
    whole.extend_from_slice(b"0000");
    fs::write(&log, &whole).expect("torn");
    let killed = servers.transfer(&transfer, &log, Some("resolved-1"), None);
    assert_eq!(killed.status.signal(), Some(SIGKILL), "{killed:?}");
    assert!(fs::read(&log).expect("a log").ends_with(b"\n"), "the torn end is still there");
    let told = must(&mut servers.command(&transfer, &log, None, Some(5)));
    assert_eq!(told, "recovered: 1 committed, 0 rolled back\ntransfer: committed\n");
    servers.assert_ordered(15, "torn");
    servers.end();
}

/// What a damaged line has said cannot be known: nothing is resolved, whichever way, until somebody has looked.
#[test]
fn a_damaged_log_stops_the_coordinator() {
    let transfer = program("transfer", "damaged");
    let servers = Servers::start("damaged");
    let log = transfer.with_file_name("log");
    servers.transfer(&transfer, &log, Some("decided"), Some(10));
    let whole = fs::read(&log).expect("a log");
    let first = whole.iter().position(|&byte| byte == b'\n').expect("a line") + 1;
    let after: Vec<u8> = [&whole[..], &whole[first..]].concat();
    let damage = |at: usize| {
        let mut damaged = after.clone();
        damaged[at] ^= 1;
        damaged
    };
    let cases = [
        ("the number of the log", damage(12)),
        ("a checksum", damage(first + 3)),
        ("a word", damage(first + 10)),
        ("a number", damage(first + 20)),
        ("the end of a line", damage(whole.len() - 1)),
        ("two lines in one, the last", damage(whole.len() - 1)[..after.len() - 1].to_vec()),
        ("a whole line, the last", [&whole[..whole.len() - 2], b"x\n"].concat()),
        ("an empty file", Vec::new()),
        ("nothing but a torn line", whole[..first - 1].to_vec()),
        ("another file", b"hello\nworld\n".to_vec()),
    ];
    for (what, damaged) in cases {
        fs::write(&log, &damaged).expect("damaged");
        let refused = servers.transfer(&transfer, &log, None, Some(10));
        assert_eq!(refused.status.code(), Some(1), "{what}: {refused:?}");
        assert!(text(&refused.stderr).contains("damaged, or not a log"), "{what}: {refused:?}");
        assert_eq!(fs::read(&log).expect("a log"), damaged, "{what}: it was written to");
        servers.assert_prepared(2, what);
    }
    fs::write(&log, &whole).expect("mended");
    must(&mut servers.command(&transfer, &log, None, None));
    servers.assert_ordered(10, "mended");

    let mut held = Command::new("flock");
    held.arg("--exclusive").arg(log.with_file_name("log.lock")).arg(&transfer).arg(&log);
    let refused = run(servers.surround(&mut held));
    assert_eq!(refused.status.code(), Some(1), "another process has the log: {refused:?}");
    servers.end();
}

// ---- the pool ----

#[test]
fn the_edges_hold() {
    let edges = program("edges", "edges");
    let servers = Servers::start("edges");
    let told = must(&mut servers.command(&edges, &edges.with_file_name("log"), None, None));
    assert_eq!(told, "every edge holds\n");
    servers.assert_prepared(0, "edges");
    servers.end();
}

#[test]
fn killed_server_processes_are_never_handed_out_twice() {
    let storm = program("storm", "storm");
    let servers = Servers::start("storm");
    let told = must(&mut servers.command(&storm, &storm.with_file_name("log"), None, Some(2)));
    assert!(told.contains("found dead"), "{told}");
    servers.end();
}

/// A program of the example with the library of this run, under sanitizers, in a directory of its own.
fn program(name: &str, case: &str) -> PathBuf {
    let program = scratch(&format!("odbc-{case}-program")).join(name);
    must(Command::new(root().join("scripts/need.sh")).args(["unixodbc-dev", "gcc", "libc6-dev"]));
    let mut cc = compiler("cc", "c11");
    cc.args(["-D_GNU_SOURCE", "-DWSRT_STATIC", "-g", "-O1"]).args(SANITIZERS).arg("-o").arg(&program);
    cc.arg(format!("examples/odbc/{name}.c")).args(SOURCES.map(|source| format!("examples/odbc/{source}")));
    cc.arg(archive()).args(STATIC_LIBRARIES).args(["-lodbc", "-pthread"]);
    must(&mut cc);
    program
}

/// The demo's servers, for as long as a test wants them.
struct Servers {
    demo: Demo,
    environment: Vec<(String, String)>,
}

impl Servers {
    fn start(case: &str) -> Servers {
        let mut demo = Demo::start(case, &["sh", "-c", "env; echo up; exec cat"], Stdio::piped());
        demo.wait_for("\nup\n");
        let output = BufReader::new(demo.output().into_bytes().as_slice()).lines().collect::<Result<Vec<_>, _>>();
        let ours = |line: &String| line.starts_with("WSRT_ODBC_") || line.starts_with("ODBC");
        let lines = output.expect("lines").into_iter().filter(ours);
        let environment = lines.filter_map(|line| line.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned())));
        Servers { environment: environment.collect(), demo }
    }

    fn surround<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env_remove("WSRT_ODBC_KILL").envs(self.environment.iter().cloned())
    }

    fn command(&self, program: &Path, log: &Path, kill: Option<&str>, number: Option<u32>) -> Command {
        let mut command = Command::new(program);
        self.surround(&mut command).arg(log).args(number.map(|number| number.to_string()));
        command.envs(kill.map(|point| ("WSRT_ODBC_KILL", point)));
        command
    }

    fn transfer(&self, program: &Path, log: &Path, kill: Option<&str>, pieces: Option<u32>) -> Output {
        run(&mut self.command(program, log, kill, pieces))
    }

    fn ask(&self, database: &str, sql: &str) -> u32 {
        let socket = self.environment.iter().find(|(name, _)| name == "WSRT_ODBC_SOCKET").expect("a server");
        let answer =
            must(Command::new("psql").args(["-XAtq", "-U", "wsrt", "-h", &socket.1, "-d", database, "-c", sql]));
        answer.trim().parse().unwrap_or_else(|_| panic!("{sql}: {answer}"))
    }

    fn assert_prepared(&self, count: u32, case: &str) {
        assert_eq!(self.ask("postgres", "SELECT count(*) FROM pg_prepared_xacts"), count, "prepared: {case}");
    }

    /// In both databases alike, and nothing is left behind.
    fn assert_ordered(&self, pieces: u32, case: &str) {
        self.assert_prepared(0, case);
        assert_eq!(self.ask("orders", "SELECT pieces FROM ordered"), pieces, "ordered: {case}");
        assert_eq!(self.ask("stock", "SELECT pieces FROM stored"), 1000 - pieces, "stored: {case}");
    }

    fn end(mut self) {
        drop(self.demo.child.stdin.take());
        let status = self.demo.end();
        assert!(status.success(), "{status}:\n{}", self.demo.output());
        self.demo.assert_nothing_is_left();
    }
}

/// A run of the demo, with a directory of its own whose name, in their environment, marks the processes of the run.
struct Demo {
    directory: PathBuf,
    child: Child,
}

impl Demo {
    fn start(case: &str, command: &[&str], stdin: Stdio) -> Demo {
        Demo::start_with(case, command, stdin, &std::env::var("PATH").expect("a path"))
    }

    fn start_with(case: &str, command: &[&str], stdin: Stdio, path: &str) -> Demo {
        let name = format!("odbc-{case}-{}", std::process::id());
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(directory.join("tmp")).expect("a directory for the run");
        let output = File::create(directory.join("output")).expect("a file for the output");
        // A test run in the background of a shell ignores SIGINT, and a shell cannot take that back.
        let child = Command::new("env")
            .arg("--default-signal=INT")
            .arg(root().join("examples/odbc/demo.sh"))
            .args(command)
            .env("TMPDIR", directory.join("tmp"))
            .env("PATH", path)
            .stdin(stdin)
            .stdout(output.try_clone().expect("the output, twice"))
            .stderr(output)
            .spawn()
            .expect("env starts");
        Demo { directory, child }
    }

    fn output(&self) -> String {
        fs::read_to_string(self.directory.join("output")).expect("the output is UTF-8")
    }

    /// Every wait inside the demo is bounded, so this one is.
    fn end(&mut self) -> ExitStatus {
        self.child.wait().expect("the demo is ours to wait for")
    }

    fn wait_for(&mut self, text: &str) {
        while !self.output().contains(text) {
            let ended = self.child.try_wait().expect("the demo is ours to wait for");
            assert!(ended.is_none(), "ended before {text:?}:\n{}", self.output());
            sleep(Duration::from_millis(5));
        }
    }

    fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().expect("sh starts").success(), "{kill}");
    }

    fn assert_nothing_is_left(&self) {
        let mark = self.directory.join("tmp");
        let mark = mark.as_os_str().as_encoded_bytes();
        let marked = |process: &PathBuf| {
            let of = |file| fs::read(process.join(file)).unwrap_or_default();
            [of("environ"), of("cmdline")].concat().windows(mark.len()).any(|part| part == mark)
        };
        let entries = fs::read_dir("/proc").expect("/proc").map(|entry| entry.expect("/proc").path());
        let left: Vec<_> = entries.filter(marked).map(|process| fs::read_to_string(process.join("cmdline"))).collect();
        assert!(left.is_empty(), "processes left: {left:?}\n{}", self.output());
        let left: Vec<_> = fs::read_dir(self.directory.join("tmp")).expect("the directory stays").collect();
        assert!(left.is_empty(), "files left: {left:?}\n{}", self.output());
    }
}

/// Ends the demo of a test that fails; its output was in the message.
impl Drop for Demo {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.signal("TERM");
            self.end();
        }
        let _ = fs::remove_dir_all(&self.directory);
    }
}
