//! Owns the body on its way out: whole, or half of it and then the end of the connection.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};

use super::wire::Control;

pub(super) struct Reply {
    /// What is still to be sent.
    part: Option<Bytes>,
    /// What the head promises.
    promised: u64,
    cut: Option<Arc<Control>>,
}

impl Reply {
    pub(super) fn whole(body: Vec<u8>) -> Reply {
        let promised = body.len() as u64;
        Reply {
            part: Some(Bytes::from(body)).filter(|part| !part.is_empty()),
            promised,
            cut: None,
        }
    }

    pub(super) fn half(mut body: Vec<u8>, control: Arc<Control>) -> Reply {
        // At least one byte is promised and missing, also where the real body is empty.
        let promised = (body.len() as u64).max(1);
        body.truncate(body.len() / 2);
        let part = Some(Bytes::from(body)).filter(|part| !part.is_empty());
        Reply {
            part,
            promised,
            cut: Some(control),
        }
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        match (this.part.take(), &this.cut) {
            (Some(part), _) => Poll::Ready(Some(Ok(Frame::data(part)))),
            (None, None) => Poll::Ready(None),
            (None, Some(control)) => {
                // hyper flushes what it has when a body pends; then the connection's task sees the cut.
                control.cut(false);
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.part.is_none() && self.cut.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised)
    }
}
