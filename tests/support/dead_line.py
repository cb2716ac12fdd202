"""A client's socket whose machine is gone: nothing that reaches it is answered, not even by its kernel."""

import ctypes
import socket
import struct

_SO_ATTACH_FILTER = 26  # not named by the module


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("operand", ctypes.c_uint32),
    )


def cut(line: socket.socket) -> None:
    """From now on every packet to it is dropped before TCP sees it: no acknowledgement, no end, no reset."""
    drop_all = (_Instruction * 1)(_Instruction(code=0x06))  # return 0
    program = struct.pack("HL", 1, ctypes.addressof(drop_all))
    line.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
