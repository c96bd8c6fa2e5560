"""The kernels that numba compiles; imported by `backends.py` alone, since importing numba takes a while."""
