//! Trust roots in a file, as a mounted ConfigMap is one: what it says now is in force, without a restart.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hauberk_metrics::identity::IdentityMetrics;
use hauberk_tls::roots::Roots;
use hauberk_tls::store::Store;
use tokio::io::AsyncReadExt as _;
use tokio::sync::watch;

/// How often the file is looked at: seldom, once it was read; a ConfigMap takes a minute to get into a container.
const INTERVAL_KNOWN: Duration = Duration::from_secs(5);
const INTERVAL_UNKNOWN: Duration = Duration::from_millis(100);
/// No bundle is larger, nor is a ConfigMap.
const FILE_MAX: u64 = 1024 * 1024;

/// Follows one file.
pub(crate) struct Anchors {
    file: PathBuf,
    tls: Arc<Store>,
    metrics: Arc<IdentityMetrics>,
}

impl Anchors {
    /// `tls` is told of the roots, whichever it has until then.
    pub(crate) fn new(file: PathBuf, tls: Arc<Store>, metrics: Arc<IdentityMetrics>) -> Self {
        Self { file, tls, metrics }
    }

    /// Follows the file until it is dropped; `known` is told when roots are in force. What makes no sense changes nothing.
    pub(crate) async fn follow(self, known: watch::Sender<bool>) {
        let (mut in_force, mut wrong) = (None, None);
        loop {
            match self.read().await {
                Ok(text) if in_force.as_ref() == Some(&text) => wrong = None,
                Ok(text) => match self.take(&text) {
                    Ok(()) => {
                        tracing::info!(file = %self.file.display(), "the trust roots are those of the file");
                        self.metrics.roots_changed();
                        known.send_replace(true);
                        (in_force, wrong) = (Some(text), None);
                    }
                    Err(why) => self.tell(&mut wrong, why),
                },
                Err(error) => self.tell(&mut wrong, error.to_string()),
            }
            tokio::time::sleep(if *known.borrow() { INTERVAL_KNOWN } else { INTERVAL_UNKNOWN }).await;
        }
    }

    fn take(&self, text: &str) -> Result<(), String> {
        let roots = Roots::from_pem(text).map_err(|error| error.to_string())?;
        self.tls.set_roots(roots).map_err(|error| error.to_string())
    }

    async fn read(&self) -> io::Result<String> {
        let mut text = String::new();
        let file = tokio::fs::File::open(&self.file).await?;
        file.take(FILE_MAX).read_to_string(&mut text).await?;
        Ok(text)
    }

    /// Each trouble is told once, and counted as often as it is met anew.
    fn tell(&self, before: &mut Option<String>, why: String) {
        if before.as_ref() != Some(&why) {
            tracing::warn!(file = %self.file.display(), why, "no trust roots from the file; those in force stay");
            self.metrics.roots_refused();
            *before = Some(why);
        }
    }
}

#[cfg(test)]
mod tests {
    use hauberk_core::identity::Id;
    use hauberk_metrics::text::Text;

    use super::*;

    fn pem(name: &str) -> String {
        rcgen::generate_simple_self_signed([name.to_owned()]).unwrap().cert.pem()
    }

    fn counted(metrics: &IdentityMetrics) -> Vec<String> {
        let mut out = Text::new();
        metrics.write(&mut out);
        let page = out.finish();
        page.lines().filter(|line| line.starts_with("hauberk_trust_roots_")).map(str::to_owned).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_file_that_makes_sense_is_in_force() {
        let file = std::env::temp_dir().join(format!("hauberk-anchors-{}", std::process::id()));
        let metrics = Arc::new(IdentityMetrics::new());
        let tls = Arc::new(Store::new(Id::Dns("web".into()), Roots::none()).unwrap());
        let (known, mut is_known) = watch::channel(false);
        let following = tokio::spawn(Anchors::new(file.clone(), tls, metrics.clone()).follow(known));
        let seen = |ok: u8, error: u8| {
            let expected = [("ok", ok), ("error", error)]
                .map(|(result, count)| format!("hauberk_trust_roots_changes_total{{result=\"{result}\"}} {count}"));
            let metrics = metrics.clone();
            async move {
                while counted(&metrics) != expected {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        };
        seen(0, 1).await; // there is no file yet
        assert!(!*is_known.borrow());
        std::fs::write(&file, pem("one")).unwrap();
        is_known.wait_for(|known| *known).await.unwrap();
        std::fs::write(&file, "nothing of the kind").unwrap();
        seen(1, 2).await;
        std::fs::write(&file, pem("one") + &pem("two")).unwrap();
        seen(2, 2).await;
        following.abort();
        std::fs::remove_file(file).unwrap();
    }
}
