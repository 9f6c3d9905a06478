//! Ends a test that hangs.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Ends the process, naming the scene, if something hangs.
pub struct Watchdog(Arc<Mutex<Option<(String, Instant)>>>);

impl Watchdog {
    pub fn new() -> Self {
        let watched = Arc::new(Mutex::new(Some((String::new(), Instant::now()))));
        let dog = Self(watched.clone());
        thread::spawn(move || {
            loop {
                let Some((what, since)) = watched.lock().unwrap().clone() else { return };
                if since.elapsed() > Duration::from_secs(20) {
                    eprintln!("hangs: {what}");
                    std::process::abort();
                }
                thread::sleep(Duration::from_millis(200));
            }
        });
        dog
    }
    pub fn watch(&self, what: &str) {
        *self.0.lock().unwrap() = Some((what.to_owned(), Instant::now()));
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        *self.0.lock().unwrap() = None;
    }
}
