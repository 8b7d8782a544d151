//! Threads for work that takes its time, beside those that answer requests, and behind them: where there is more to do than
//! there are cores, whoever looks at a page does not wait for other people's exports.

use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// How much such a thread gives way, as a nice value: while both have something to do, the kernel gives it a third of what
/// it gives to one that answers requests. With this and with [`pause`], while three exports keep both of two cores busy, the
/// 99th percentile of other requests is 1.1 to 2.5 times that of an idle server, where it was 4 to 9 times; and beside two
/// strangers that take all they get, an export takes as long as the sqlite3 shell. (With 10, it took ten times as long.)
const NICENESS: i32 = 5;

/// After how many bytes of a page that is digested or encoded it is time to [`pause`]: a fraction of a millisecond.
pub const PIECE_BYTES: usize = 64 * 1_024;

/// A handle to the threads; cheap to clone.
#[derive(Clone, Debug)]
pub struct WorkerThreads(Arc<Threads>);

/// A runtime of which only the threads for blocking work are used: they come and go with the work.
#[derive(Debug)]
struct Threads(Option<Runtime>);

impl WorkerThreads {
    /// No thread is there before there is work.
    ///
    /// # Panics
    /// Where the operating system gives nothing to wait with.
    pub fn open() -> Self {
        let mut builder = Builder::new_current_thread();
        builder.thread_name("export").on_thread_start(lower_priority);
        Self(Arc::new(Threads(Some(builder.build().expect("a runtime without drivers")))))
    }

    /// Works on a thread of its own.
    ///
    /// # Panics
    /// Never: the runtime is there for as long as this is.
    pub fn spawn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        let runtime = self.0.0.as_ref().expect("it is there until it is dropped");
        runtime.spawn_blocking(work)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // Without waiting: it may be dropped where nobody may wait.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Elsewhere than on Linux, this would be about the whole process.
fn lower_priority() {
    if cfg!(target_os = "linux") {
        // Where it is not allowed, it works all the same.
        let _ = rustix::process::setpriority_process(None, NICENESS);
    }
}

/// Lets those go first that wait for a core. The kernel by itself lets a thread that is at work go on for up to 5 ms, also
/// before one that it should prefer.
pub fn pause() {
    std::thread::yield_now();
}
