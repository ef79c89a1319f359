"""The brain: projects and their reconcilers, behind the operations of `protocol.api`, on a socket."""
