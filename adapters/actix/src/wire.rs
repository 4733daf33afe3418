//! The stream of a connection, of whichever protocol it is.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_http::Extensions;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::multiplexed::Multiplexed;
use crate::transport::Transport;

pub(crate) enum Wire {
    Http1(Transport),
    Http2(Multiplexed),
}

impl Wire {
    /// Adds what its requests have to know of the connection.
    pub(crate) fn describe(&self, data: &mut Extensions) {
        match self {
            Self::Http1(transport) => drop(data.insert(Rc::clone(transport.link()))),
            Self::Http2(multiplexed) => drop(data.insert(Rc::clone(multiplexed.streams()))),
        }
    }
}

/// Runs one expression on whichever stream it is.
macro_rules! either {
    ($wire:expr, $stream:ident => $do:expr) => {
        match $wire.get_mut() {
            Wire::Http1($stream) => $do,
            Wire::Http2($stream) => $do,
        }
    };
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        either!(self, stream => Pin::new(stream).poll_read(cx, buffer))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        either!(self, stream => Pin::new(stream).poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => Pin::new(stream).poll_shutdown(cx))
    }
}
