#pragma once

#include <stddef.h>

/* The pure part of the program: what is answered to which request. */

/* Writes the whole HTTP answer to a request line ("GET / HTTP/1.1") into `out` and returns its
   length.
   "/" answers "<greeting> from <commit>", "/healthz" answers "ok", everything else 404. */
size_t answer(const char* request_line, const char* greeting, const char* commit, char* out,
              size_t size);
