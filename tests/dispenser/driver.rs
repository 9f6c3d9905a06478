//! A driver that writes down what it is asked, and does what a test tells it to.

use super::context::transaction_name;
use std::collections::{HashMap, VecDeque};
use std::ffi::{CStr, c_char, c_void};
use std::mem::size_of;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wsrt::ffi::codes::*;
use wsrt::ffi::{dispenser_driver, dispenser_resource_info};

/// How long a test waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Callback {
    Create,
    Rate,
    Enlist,
    Reset,
    Destroy,
    DestroyS,
    Release,
    Report,
}
pub use Callback::*;

/// What a callback is about, and what it will answer unless an act changes it.
#[derive(Debug, Clone, Copy)]
pub struct Reply {
    /// The resource that it is about; 0 if there is none yet.
    pub resid: usize,
    pub code: i32,
    /// What create_resource sets; `None`: the next free number, 10, 20, 30.
    pub id: Option<usize>,
    pub secs: Option<i32>,
    /// `None`: left unwritten.
    pub rating: Option<u32>,
    /// create_resource leaves its id unwritten.
    pub silent: bool,
}

type Act = Box<dyn FnOnce(&mut Reply) + Send>;
type Rule = Arc<dyn Fn(&mut Reply) + Send + Sync>;

/// The act of answering a code.
pub fn answer(code: i32) -> impl Fn(&mut Reply) + Send + Sync {
    move |reply| reply.code = code
}

/// The act of giving a rating.
pub fn rate(rating: u32) -> impl Fn(&mut Reply) + Send + Sync {
    move |reply| reply.rating = Some(rating)
}

/// The act of creating a resource that may lie idle for so many seconds.
pub fn secs(secs: i32) -> impl Fn(&mut Reply) + Send + Sync {
    move |reply| reply.secs = Some(secs)
}

/// The act of creating a resource of that id.
pub fn id(id: usize) -> impl Fn(&mut Reply) + Send + Sync {
    move |reply| reply.id = Some(id)
}

#[derive(Default)]
pub struct Driver {
    lines: Mutex<Vec<String>>,
    read: AtomicUsize,
    created: AtomicUsize,
    acts: Mutex<HashMap<Callback, VecDeque<Act>>>,
    rules: Mutex<HashMap<Callback, Rule>>,
    failed: AtomicBool,
}

impl Driver {
    fn run(&self, callback: Callback, line: String, mut reply: Reply) -> Reply {
        let at = {
            let mut lines = self.lines.lock().unwrap();
            lines.push(line);
            lines.len() - 1
        };
        let act = self.acts.lock().unwrap().get_mut(&callback).and_then(VecDeque::pop_front);
        let rule = self.rules.lock().unwrap().get(&callback).cloned();
        // A check of the test that fails in here must not unwind into the library: the test fails at its end.
        let acted = catch_unwind(AssertUnwindSafe(|| match (act, rule) {
            (Some(act), _) => act(&mut reply),
            (None, Some(rule)) => rule(&mut reply),
            (None, None) => {}
        }));
        if acted.is_err() {
            self.failed.store(true, SeqCst);
        }
        if callback == Create && reply.code >= 0 && reply.id.is_none() && !reply.silent {
            reply.id = Some(10 * (1 + self.created.fetch_add(1, SeqCst)));
        }
        self.lines.lock().unwrap()[at].push_str(&reply.shown(callback));
        reply
    }

    /// What was asked since this was called last. An answer is shown once it is given.
    pub fn calls(&self) -> Vec<String> {
        let lines = self.lines.lock().unwrap();
        lines[self.read.swap(lines.len(), SeqCst)..].to_vec()
    }

    /// Whether a check inside a callback has failed.
    pub fn has_failed(&self) -> bool {
        self.failed.load(SeqCst)
    }

    /// What the next call of a callback does.
    pub fn once(&self, callback: Callback, act: impl FnOnce(&mut Reply) + Send + 'static) {
        self.acts.lock().unwrap().entry(callback).or_default().push_back(Box::new(act));
    }

    /// What every call of a callback does that has nothing else to do.
    pub fn always(&self, callback: Callback, rule: impl Fn(&mut Reply) + Send + Sync + 'static) {
        self.rules.lock().unwrap().insert(callback, Arc::new(rule));
    }

    /// Keeps the next call of a callback until the gate is opened, and then has it act.
    pub fn hold(&self, callback: Callback, act: impl FnOnce(&mut Reply) + Send + 'static) -> Gate {
        let (enter, entered) = channel();
        let (open, opened) = channel();
        self.once(callback, move |reply| {
            let _ = enter.send(());
            // Whoever forgets to open the gate opens it by ending.
            let _ = opened.recv();
            act(reply);
        });
        Gate { entered, open }
    }

    /// The table, without some of its callbacks.
    pub fn table(&'static self, lacking: &[Callback]) -> dispenser_driver {
        fn unless<F>(lacking: &[Callback], callback: Callback, function: F) -> Option<F> {
            (!lacking.contains(&callback)).then_some(function)
        }
        dispenser_driver {
            cb_size: size_of::<dispenser_driver>() as u32,
            flags: 0,
            user_data: std::ptr::from_ref(self).cast_mut().cast(),
            create_resource: unless(lacking, Create, create_resource),
            rate_resource: unless(lacking, Rate, rate_resource),
            enlist_resource: unless(lacking, Enlist, enlist_resource),
            reset_resource: unless(lacking, Reset, reset_resource),
            destroy_resource: unless(lacking, Destroy, destroy_resource),
            destroy_resource_s: unless(lacking, DestroyS, destroy_resource_s),
            release: unless(lacking, Release, release),
            report: unless(lacking, Report, report),
        }
    }
}

impl Reply {
    fn about(resid: usize) -> Self {
        Self { resid, code: WSRT_S_OK, id: None, secs: None, rating: Some(100), silent: false }
    }

    fn shown(&self, callback: Callback) -> String {
        let value = match callback {
            _ if self.code < 0 => name_of(self.code),
            Create if self.silent => "nothing".to_owned(),
            Create => {
                let secs = self.secs.map_or(String::new(), |secs| format!(" secs={secs}"));
                format!("{}{secs}", self.id.unwrap_or_default())
            }
            Rate => self.rating.map_or("nothing".to_owned(), |rating| rating.to_string()),
            _ if self.code == WSRT_S_OK => return String::new(),
            _ => name_of(self.code),
        };
        format!(" -> {value}")
    }
}

/// A code as the tests write it: without its prefix, or in hex where it has no name.
fn name_of(code: i32) -> String {
    let known = CODES.iter().find(|known| known.value == code);
    known.map_or(format!("0x{code:08X}"), |known| known.name.trim_start_matches("WSRT_").to_owned())
}

/// A callback that is kept from returning.
pub struct Gate {
    entered: Receiver<()>,
    open: Sender<()>,
}

impl Gate {
    /// Waits until the callback is there.
    pub fn entered(&self) {
        self.entered.recv_timeout(PATIENCE).expect("the callback is made");
    }

    pub fn open(self) {
        let _ = self.open.send(());
    }
}

fn driver_of<'a>(user_data: *mut c_void) -> &'a Driver {
    unsafe { &*user_data.cast::<Driver>() }
}

unsafe extern "C" fn create_resource(
    user_data: *mut c_void,
    restypid: usize,
    resid: *mut usize,
    idle: *mut i32,
) -> i32 {
    let reply = driver_of(user_data).run(Create, format!("create {restypid}"), Reply::about(0));
    if let (Some(id), false) = (reply.id, reply.silent) {
        unsafe { resid.write(id) };
    }
    if let Some(secs) = reply.secs {
        unsafe { idle.write(secs) };
    }
    reply.code
}

unsafe extern "C" fn rate_resource(
    user_data: *mut c_void,
    restypid: usize,
    resid: usize,
    requires_enlistment: i32,
    rating: *mut u32,
) -> i32 {
    let line = format!("rate {restypid} {resid} enlist={requires_enlistment}");
    let reply = driver_of(user_data).run(Rate, line, Reply::about(resid));
    if let Some(value) = reply.rating {
        unsafe { rating.write(value) };
    }
    reply.code
}

unsafe extern "C" fn enlist_resource(user_data: *mut c_void, resid: usize, transid: usize) -> i32 {
    let line = format!("enlist {resid} {}", transaction_name(transid));
    driver_of(user_data).run(Enlist, line, Reply::about(resid)).code
}

unsafe extern "C" fn reset_resource(user_data: *mut c_void, resid: usize) -> i32 {
    driver_of(user_data).run(Reset, format!("reset {resid}"), Reply::about(resid)).code
}

unsafe extern "C" fn destroy_resource(user_data: *mut c_void, resid: usize) -> i32 {
    driver_of(user_data).run(Destroy, format!("destroy {resid}"), Reply::about(resid)).code
}

unsafe extern "C" fn destroy_resource_s(user_data: *mut c_void, sresid: *const c_char) -> i32 {
    let line = format!("destroy_s {}", unsafe { CStr::from_ptr(sresid) }.to_str().unwrap());
    driver_of(user_data).run(DestroyS, line, Reply::about(0)).code
}

unsafe extern "C" fn release(user_data: *mut c_void) {
    driver_of(user_data).run(Release, "release".to_owned(), Reply::about(0));
}

unsafe extern "C" fn report(user_data: *mut c_void, event: u32, info: *const dispenser_resource_info) {
    let event = match event {
        DISPENSER_EVENT_WRITTEN_OFF => "written_off".to_owned(),
        DISPENSER_EVENT_WRITTEN_OFF_RETURNED => "returned".to_owned(),
        other => other.to_string(),
    };
    let resid = unsafe { (*info).resid };
    driver_of(user_data).run(Report, format!("report {event} {resid}"), Reply::about(resid));
}
