//! The one thread that writes. Jobs that wait are done in one transaction and committed together; each is a savepoint of its own, so
//! that one that fails takes nothing of the others with it.

use std::thread::{self, JoinHandle};

use rusqlite::{Connection, Savepoint, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use crate::error::StoreError;

/// Jobs in one transaction.
const TOGETHER: usize = 1024;

/// Does its work, and leaves what to say once it is on disk.
type Job = Box<dyn FnOnce(&mut Transaction<'_>) -> Answer + Send>;
/// Says it, or that the commit has failed.
type Answer = Box<dyn FnOnce(Result<(), CommitFailed>) + Send>;
type Transaction<'a> = rusqlite::Transaction<'a>;

/// Why a commit failed, for everybody who waited for it.
#[derive(Clone)]
struct CommitFailed {
    code: Option<rusqlite::ErrorCode>,
    message: String,
}

impl From<CommitFailed> for StoreError {
    fn from(failed: CommitFailed) -> Self {
        use rusqlite::ErrorCode::{DiskFull, ReadOnly, SystemIoFailure};
        match failed.code {
            Some(DiskFull | ReadOnly | SystemIoFailure) => Self::NoSpace(failed.message),
            _ => Self::Database(rusqlite::Error::InvalidParameterName(failed.message)),
        }
    }
}

impl From<&rusqlite::Error> for CommitFailed {
    fn from(error: &rusqlite::Error) -> Self {
        Self {
            code: error.sqlite_error_code(),
            message: error.to_string(),
        }
    }
}

/// Sends jobs to the thread. The thread ends when the last of these is gone and all jobs are done.
#[derive(Clone)]
pub(crate) struct Writer {
    jobs: mpsc::UnboundedSender<Job>,
}

impl Writer {
    /// Starts the thread.
    pub(crate) fn start(connection: Connection) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (jobs, waiting) = mpsc::unbounded_channel();
        let thread = thread::Builder::new()
            .name("codehook-journal".to_owned())
            .spawn(move || work(connection, waiting))?;
        Ok((Self { jobs }, thread))
    }

    /// Does `job` in a transaction; returns once it is on disk.
    pub(crate) async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Savepoint<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (sender, answer) = oneshot::channel();
        let job: Job = Box::new(move |transaction| {
            let done = in_savepoint(transaction, job);
            Box::new(move |committed| {
                // Whoever asked may have gone.
                let _ = sender.send(committed.map_err(StoreError::from).and(done));
            })
        });
        self.jobs.send(job).map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

fn in_savepoint<T>(
    transaction: &mut Transaction<'_>,
    job: impl FnOnce(&Savepoint<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let savepoint = transaction.savepoint()?;
    let done = job(&savepoint)?;
    savepoint.commit()?;
    Ok(done)
}

fn work(mut connection: Connection, mut waiting: mpsc::UnboundedReceiver<Job>) {
    let mut jobs = Vec::with_capacity(TOGETHER);
    while waiting.blocking_recv_many(&mut jobs, TOGETHER) > 0 {
        let mut answers = Vec::with_capacity(jobs.len());
        let committed = commit(&mut connection, &mut jobs, &mut answers);
        if let Err(error) = &committed {
            tracing::error!(%error, jobs = answers.len(), "nothing could be committed");
        }
        let failed = committed.err().map(|error| CommitFailed::from(&error));
        for answer in answers {
            answer(failed.clone().map_or(Ok(()), Err));
        }
        // Jobs that were never begun: who waits for them is told that the store is closed to them.
        jobs.clear();
    }
}

fn commit(
    connection: &mut Connection,
    jobs: &mut Vec<Job>,
    answers: &mut Vec<Answer>,
) -> rusqlite::Result<()> {
    let began = connection.transaction_with_behavior(TransactionBehavior::Immediate);
    let mut transaction = began?;
    answers.extend(jobs.drain(..).map(|job| job(&mut transaction)));
    transaction.commit()
}
