//! The one thread that writes. Queued jobs run in one transaction and are committed together (group commit); each has a
//! savepoint of its own, so that a failing one does not affect the others. The queue is bounded: a caller waits for
//! room.

use std::thread::{self, JoinHandle};

use rusqlite::{Connection, Savepoint, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use crate::error::StoreError;

/// Jobs in one transaction.
const MAX_BATCH: usize = 1024;
/// Jobs that wait for the thread: the next transaction's, while it commits one.
const MAX_QUEUED: usize = MAX_BATCH;

/// Does its work and returns the notification for its caller.
type Job = Box<dyn FnOnce(&mut Transaction<'_>) -> Notification + Send>;
/// Sends the result to the caller once it is on disk, or the failure of the commit.
type Notification = Box<dyn FnOnce(Result<(), CommitFailed>) + Send>;
type Transaction<'a> = rusqlite::Transaction<'a>;

/// The failure of a commit, for each caller that waited for it.
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
            _ => Self::Commit(failed.message),
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

/// Sends jobs to the thread. The thread ends when the last clone is dropped and all jobs are done.
#[derive(Clone)]
pub(crate) struct Writer {
    jobs: mpsc::Sender<Job>,
}

impl Writer {
    /// Starts the thread.
    pub(crate) fn start(connection: Connection) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (jobs, queue) = mpsc::channel(MAX_QUEUED);
        let thread = thread::Builder::new()
            .name("codehook-journal".to_owned())
            .spawn(move || work(connection, queue))?;
        Ok((Self { jobs }, thread))
    }

    /// Returns once the thread has ended, which it does before the last clone is dropped only by a panic.
    pub(crate) async fn closed(&self) {
        self.jobs.closed().await;
    }

    /// Runs `job` in a transaction; waits for room in the queue, and returns once the job is on disk.
    pub(crate) async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Savepoint<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (sender, result) = oneshot::channel();
        let job: Job = Box::new(move |transaction| {
            let done = in_savepoint(transaction, job);
            Box::new(move |committed| {
                // The caller may have been cancelled.
                let _ = sender.send(committed.map_err(StoreError::from).and(done));
            })
        });
        self.jobs.send(job).await.map_err(|_| StoreError::Closed)?;
        result.await.map_err(|_| StoreError::Closed)?
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

fn work(mut connection: Connection, mut queue: mpsc::Receiver<Job>) {
    let mut jobs = Vec::with_capacity(MAX_BATCH);
    while queue.blocking_recv_many(&mut jobs, MAX_BATCH) > 0 {
        let mut notifications = Vec::with_capacity(jobs.len());
        let committed = commit(&mut connection, &mut jobs, &mut notifications);
        if let Err(error) = &committed {
            tracing::error!(%error, jobs = notifications.len(), "the transaction could not be committed");
        }
        let failed = committed.err().map(|error| CommitFailed::from(&error));
        for notify in notifications {
            notify(failed.clone().map_or(Ok(()), Err));
        }
        // Jobs that did not run, because no transaction could be begun: their callers get `Closed`.
        jobs.clear();
    }
}

fn commit(
    connection: &mut Connection,
    jobs: &mut Vec<Job>,
    notifications: &mut Vec<Notification>,
) -> rusqlite::Result<()> {
    let began = connection.transaction_with_behavior(TransactionBehavior::Immediate);
    let mut transaction = began?;
    notifications.extend(jobs.drain(..).map(|job| job(&mut transaction)));
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_caller_waits_for_room_in_a_full_queue() {
        let connection = Connection::open_in_memory().unwrap();
        let (writer, thread) = Writer::start(connection).unwrap();
        let (release, released) = std::sync::mpsc::channel::<()>();
        let (begin, begun) = oneshot::channel();
        let blocking = writer.clone();
        let blocked = tokio::spawn(async move {
            let job = move |_: &Savepoint<'_>| {
                let _ = begin.send(());
                released.recv().map_err(|_| StoreError::Closed)
            };
            blocking.write(job).await
        });
        begun.await.unwrap();
        let queued: Vec<_> = (0..MAX_QUEUED)
            .map(|number| {
                let writer = writer.clone();
                tokio::spawn(async move { writer.write(move |_| Ok(number)).await })
            })
            .collect();
        while writer.jobs.capacity() > 0 {
            tokio::task::yield_now().await;
        }
        let mut next = Box::pin(writer.write(|_| Ok(MAX_QUEUED)));
        let waited = tokio::time::timeout(Duration::from_millis(20), &mut next).await;
        assert!(waited.is_err(), "there is room in a full queue");
        release.send(()).unwrap();
        assert_eq!(next.await.unwrap(), MAX_QUEUED);
        blocked.await.unwrap().unwrap();
        for (number, queued) in queued.into_iter().enumerate() {
            assert_eq!(queued.await.unwrap().unwrap(), number);
        }
        drop(writer);
        thread.join().unwrap();
    }
}
