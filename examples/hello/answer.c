#include "hello.h"

#include <stdio.h>
#include <string.h>

static int asks_for(const char *request_line, const char *path) {
  size_t n = strlen(path);
  return strncmp(request_line, "GET ", 4) == 0 && strncmp(request_line + 4, path, n) == 0 &&
         (request_line[4 + n] == ' ' || request_line[4 + n] == '?');
}

size_t answer(const char *request_line, const char *greeting, const char *commit, char *out, size_t size) {
  char body[512];
  const char *status = "200 OK";
  if (asks_for(request_line, "/")) {
    snprintf(body, sizeof(body), "%s from %s\n", greeting, commit);
  } else if (asks_for(request_line, "/healthz")) {
    snprintf(body, sizeof(body), "ok\n");
  } else {
    status = "404 Not Found";
    snprintf(body, sizeof(body), "there is / and /healthz\n");
  }
  int n = snprintf(out, size,
                   "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
                   status, strlen(body), body);
  return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}
