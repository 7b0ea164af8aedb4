/* A small HTTP server: one thread, one request per connection, gone at once on SIGTERM. */

#define _GNU_SOURCE
#include "hello.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#ifndef COMMIT
#define COMMIT "unknown"
#endif

static volatile sig_atomic_t stopped = 0;

static void stop(int signal_number) {
  (void)signal_number;
  stopped = 1;
}

static int listen_on(int port) {
  int one = 1;
  struct sockaddr_in address;
  memset(&address, 0, sizeof(address));
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  address.sin_port = htons((unsigned short)port);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) return -1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
  if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 128) != 0) return -1;
  return fd;
}

static void serve(int fd, const char *greeting) {
  char request[4096];
  char out[2048];
  struct timeval limit = {2, 0};
  size_t used = 0;
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  request[0] = '\0';
  while (used + 1 < sizeof(request) && strstr(request, "\r\n\r\n") == NULL) {
    ssize_t n = read(fd, request + used, sizeof(request) - 1 - used);
    if (n <= 0) break;
    used += (size_t)n;
    request[used] = '\0';
  }
  size_t length = answer(request, greeting, COMMIT, out, sizeof(out));
  for (size_t sent = 0; sent < length;) {
    ssize_t n = write(fd, out + sent, length - sent);
    if (n <= 0) break;
    sent += (size_t)n;
  }
}

int main(void) {
  const char *port = getenv("PORT");
  const char *greeting = getenv("GREETING");
  struct sigaction action;
  memset(&action, 0, sizeof(action));
  action.sa_handler = stop;
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  /* Signals arrive while ppoll waits and at no other time, so none is missed between a check and a wait. */
  sigset_t blocked, waiting;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigaddset(&blocked, SIGINT);
  sigprocmask(SIG_BLOCK, &blocked, &waiting);
  signal(SIGPIPE, SIG_IGN);

  int server = listen_on(port ? atoi(port) : 8080);
  if (server < 0) {
    perror("listen");
    return 1;
  }
  printf("hello %s is listening\n", COMMIT);
  fflush(stdout);
  while (!stopped) {
    struct pollfd ready = {server, POLLIN, 0};
    if (ppoll(&ready, 1, NULL, &waiting) < 0) continue;
    int client = accept(server, NULL, NULL);
    if (client < 0) {
      if (errno == EINTR) continue;
      perror("accept");
      return 1;
    }
    serve(client, greeting ? greeting : "hello");
    close(client);
  }
  return 0;
}
