//! The RDP demo as a test: real connections, and the kernel's list of sockets as the witness. What the demo needs and
//! is not there, and cannot be installed, fails these tests by name.
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

#[test]
fn only_the_connections_of_one_workspace_are_dropped() {
    let mut demo = Demo::start("whole");
    let status = demo.end();
    demo.assert_nothing_is_left();
    let output = demo.output();
    assert!(status.success(), "{status}:\n{output}");

    let told = Row::of("contoso", &output);
    assert_eq!((told.connected, told.dropped, told.registered, told.standing), (3, 3, 0, 0), "{output}");
    assert_eq!((told.before.len(), told.after.len()), (3, 0), "{output}");
    told.ms.parse::<f64>().unwrap_or_else(|_| panic!("no time:\n{output}"));

    let kept = Row::of("fabrikam", &output);
    assert_eq!((kept.connected, kept.dropped, kept.registered, kept.standing), (2, 0, 2, 2), "{output}");
    assert_eq!(kept.before.len(), 2, "{output}");
    assert_eq!(kept.before, kept.after, "{output}");
    assert!(told.before.is_disjoint(&kept.before), "{output}");
}

#[test]
fn an_interrupted_demo_leaves_nothing_behind() {
    for (case, moment) in [("building", "building the library"), ("connecting", "opening RDP connections")] {
        let mut demo = Demo::start(case);
        demo.wait_for(moment);
        let interrupted = Instant::now();
        demo.signal("INT");
        let status = demo.end();
        assert!(interrupted.elapsed() < Duration::from_secs(30), "{case}: took {:?}", interrupted.elapsed());
        demo.assert_nothing_is_left();
        assert_eq!(status.code(), Some(130), "{case}:\n{}", demo.output());
    }
}

/// A run of the demo, with a directory of its own whose name, in their environment, marks the processes of the run.
struct Demo {
    directory: PathBuf,
    child: Child,
}

impl Demo {
    fn start(case: &str) -> Demo {
        let name = format!("rdp-{case}-{}", std::process::id());
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(directory.join("tmp")).expect("a directory for the run");
        let output = File::create(directory.join("output")).expect("a file for the output");
        // A test run in the background of a shell ignores SIGINT, and a shell cannot take that back.
        let child = Command::new("env")
            .arg("--default-signal=INT")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/rdp/demo.sh"))
            .env("TMPDIR", directory.join("tmp"))
            .stdin(Stdio::null())
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
            let environment = fs::read(process.join("environ")).unwrap_or_default();
            environment.windows(mark.len()).any(|part| part == mark)
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

/// A line of the demo's table.
struct Row {
    connected: usize,
    dropped: usize,
    ms: String,
    registered: usize,
    standing: usize,
    before: BTreeSet<u64>,
    after: BTreeSet<u64>,
}

impl Row {
    fn of(workspace: &str, output: &str) -> Row {
        let row = output.lines().find(|line| line.split_whitespace().next() == Some(workspace) && line.contains("->"));
        let (left, right) = row.and_then(|row| row.split_once("->")).unwrap_or_else(|| panic!("no row:\n{output}"));
        let cells: Vec<&str> = left.split_whitespace().skip(1).collect();
        assert!(cells.len() > 5, "{output}");
        let number =
            |at: usize| cells[at].parse().unwrap_or_else(|_| panic!("{:?} is no number:\n{output}", cells[at]));
        Row {
            connected: number(0),
            dropped: number(1),
            ms: cells[2].to_owned(),
            registered: number(3),
            standing: number(4),
            before: inodes(cells[5..].iter().copied()),
            after: inodes(right.split_whitespace()),
        }
    }
}

fn inodes<'a>(cells: impl Iterator<Item = &'a str>) -> BTreeSet<u64> {
    cells.filter(|&cell| cell != "-").map(|cell| cell.parse().expect("an inode")).collect()
}
