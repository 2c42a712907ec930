//! The ids of the request that is being served.

use std::sync::Arc;

use tokio::task::JoinHandle;

use super::recorder::Span;
use super::trace_context::TraceContext;
use crate::epoch::Epoch;

/// Who is asking: known everywhere while a request is served, without being handed around.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// The client's `X-Request-Id` or one of ours.
    pub request_id: Arc<str>,
    /// The span of this request within its trace.
    pub trace: TraceContext,
    /// The same span as it is recorded, if it is.
    pub span: Option<Span>,
    /// When it came in. After a reset it changes nothing any more.
    pub epoch: Epoch,
}

tokio::task_local! {
    static CURRENT: Option<RequestContext>;
}

impl RequestContext {
    /// The context of the request that this task serves; `None` in background work.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok().flatten()
    }

    /// Looks at the current context without copying it; `None` in background work.
    pub fn with_current<T>(look: impl FnOnce(&Self) -> T) -> Option<T> {
        CURRENT.try_with(|context| context.as_ref().map(look)).ok().flatten()
    }

    /// The recorded span of the request that this task serves.
    pub fn current_span() -> Option<Span> {
        Self::with_current(|context| context.span.clone()).flatten()
    }

    /// Returns when there was a reset since the current request came in; never in background
    /// work.
    pub async fn epoch_over() {
        match Self::with_current(|context| context.epoch) {
            Some(epoch) => epoch.over().await,
            None => std::future::pending().await,
        }
    }

    /// Runs `work` with `context` as the current one; `None` for background work.
    pub fn scope<F: Future>(context: Option<Self>, work: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(context, work)
    }

    /// The same for work that does not wait, on whatever thread it runs.
    pub fn scope_sync<T>(context: Option<Self>, work: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(context, work)
    }
}

/// Runs `work` on a task of its own, with the ids of the current request, if there is one. For
/// what has to go on even if the client hangs up: that ends the task which serves it.
pub fn spawn<F>(work: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    tokio::spawn(RequestContext::scope(RequestContext::current(), work))
}
