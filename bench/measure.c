// Runs a command and reports what it cost: measure FILE COMMAND [ARG...]
// FILE gets {"user":s,"system":s,"rss":bytes}, of the command and the children it waited for.
// Signals that end a capture are passed on to it.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile pid_t child;

static void pass_on(int signal_number) {
  if (child > 0) kill(child, signal_number);
}

static double seconds(struct timeval time) {
  return (double)time.tv_sec + time.tv_usec / 1e6;
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  struct sigaction action = {.sa_handler = pass_on, .sa_flags = SA_RESTART};
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  child = fork();
  if (child < 0) return 2;
  if (child == 0) {
    execvp(argv[2], &argv[2]);
    perror(argv[2]);
    _exit(127);
  }
  int status = 0;
  struct rusage usage;
  if (wait4(child, &status, 0, &usage) != child) return 2;
  FILE* file = fopen(argv[1], "w");
  if (file == NULL) return 2;
  fprintf(file, "{\"user\":%.6f,\"system\":%.6f,\"rss\":%ld}\n", seconds(usage.ru_utime),
          seconds(usage.ru_stime), usage.ru_maxrss * 1024);
  fclose(file);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
