//! Low-priority threads for blocking work. With more work than cores, requests for pages do not wait for exports.

use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// The nice value of these threads: while both have work, the kernel gives them a third of the time of a thread that answers
/// requests.
///
/// Measured with [`yield_cpu`], called twice as often as now, while three exports keep both of two cores busy: the 99th percentile of other requests is 1.1
/// to 2.5 times that of an idle server, and was 4 to 9 times without it. Beside two foreign processes that take all the time
/// they get, an export takes as long as the sqlite3 shell; with a nice value of 10, it took ten times as long.
const NICENESS: i32 = 5;

/// The size of the pieces between two calls of [`yield_cpu`] when a page is digested or compressed: a fraction of a
/// millisecond.
pub const PIECE_BYTES: usize = 128 * 1_024;

/// A handle to the threads. Cheap to clone.
#[derive(Clone, Debug)]
pub struct WorkerThreads(Arc<Threads>);

/// A runtime of which only the blocking threads are used. They start and end with the work.
#[derive(Debug)]
struct Threads(Option<Runtime>);

impl WorkerThreads {
    /// Creates a pool. No thread is started before there is work.
    ///
    /// # Panics
    /// Panics if the operating system cannot create a runtime.
    pub fn new() -> Self {
        let mut builder = Builder::new_current_thread();
        builder.thread_name("export").on_thread_start(lower_priority);
        Self(Arc::new(Threads(Some(builder.build().expect("a runtime without drivers")))))
    }

    /// Runs `work` on a thread of its own.
    ///
    /// # Panics
    /// Never: the runtime exists as long as this handle.
    pub fn spawn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        let runtime = self.0.0.as_ref().expect("the runtime exists until it is dropped");
        runtime.spawn_blocking(work)
    }
}

impl Default for WorkerThreads {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // Without waiting: an async task may drop it, and must not block.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Lowers the priority of this thread, on Linux. Elsewhere, it would be that of the whole process.
fn lower_priority() {
    if cfg!(target_os = "linux") {
        // Without permission, the priority stays as it is.
        let _ = rustix::process::setpriority_process(None, NICENESS);
    }
}

/// Lets other threads use the core. Without this, the kernel may run a busy thread for up to 5 ms before one of higher
/// priority.
pub fn yield_cpu() {
    std::thread::yield_now();
}
