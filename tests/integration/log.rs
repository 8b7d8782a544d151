//! The log of the server under test. One subscriber for the whole program separates the lines of each thread, because a
//! test's server runs on the thread of its test. (One subscriber per thread does not work because of a race in tracing:
//! an event that is first recorded while another thread's subscriber is added or removed may stay disabled.)

use std::cell::RefCell;
use std::io::Write;
use std::sync::Once;
use std::time::Duration;

use motion_export::server::settings::Settings;

thread_local! {
    static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static PANIC_AT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// The next line with this text is not written: the thread that writes it panics.
pub fn panic_at(text: &str) {
    PANIC_AT.set(Some(text.to_owned()));
}

/// Installs the subscriber. Must be called before the first event.
pub fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // The default filter of a server, with more of exports.
        let filter = format!("{},motion_export::web::handlers::export=debug", Settings::default().server.log);
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(|| ThisThread).init();
    });
}

struct ThisThread;

impl Write for ThisThread {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let line = String::from_utf8_lossy(bytes);
        if PANIC_AT.with_borrow(|text| text.as_ref().is_some_and(|text| line.contains(text))) {
            PANIC_AT.set(None);
            panic!("the log does not take this line");
        }
        LINES.with_borrow_mut(|lines| lines.extend(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The log of a test on a single-threaded runtime.
pub struct Log(());

impl Log {
    /// Returns an empty log.
    pub fn of_this_thread() -> Self {
        LINES.with_borrow_mut(Vec::clear);
        Self(())
    }

    #[expect(clippy::unused_self, reason = "whoever reads the log has to have begun it")]
    pub fn text(&self) -> String {
        LINES.with_borrow(|lines| String::from_utf8(lines.clone()).unwrap())
    }

    /// Returns the logged errors of the request with this response.
    pub fn errors_of(&self, answer: &reqwest::Response) -> Vec<String> {
        let id = answer.headers()["x-request-id"].to_str().unwrap();
        let text = self.text();
        text.lines().filter(|line| line.contains("ERROR") && line.contains(id)).map(str::to_owned).collect()
    }

    /// Waits until a line with this text is logged.
    pub async fn wait_for(&self, text: &str) {
        let logged = async {
            while !self.text().contains(text) {
                tokio::task::yield_now().await;
            }
        };
        // The timeout makes the test fail instead of hang.
        tokio::time::timeout(Duration::from_mins(1), logged).await.expect(text);
    }
}
