// first_line MARKER COMMAND...: runs a command, and prints when it began (seconds of CLOCK_MONOTONIC, the clock of
// the kernel's traces), how many milliseconds later MARKER was first on its standard output, and when it ended.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int count, char** words) {
  static char output[1 << 20];
  int ends[2], status = 0;
  if (count < 3 || pipe(ends) != 0) return 64;
  const double start = seconds();
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    close(STDIN_FILENO);
    execvp(words[2], words + 2);
    _exit(127);
  }
  close(ends[1]);
  double seen = 0;
  size_t size = 0;
  while (size < sizeof output - 1) {
    const ssize_t more = read(ends[0], output + size, sizeof output - 1 - size);
    if (more <= 0) break;
    size += (size_t)more;
    output[size] = 0;
    if (seen == 0 && memmem(output, size, words[1], strlen(words[1]))) seen = seconds();
  }
  waitpid(child, &status, 0);
  if (seen == 0 || status != 0) return fprintf(stderr, "%s", output), 1;
  printf("%.6f %.3f %.3f\n", start, (seen - start) * 1e3, (seconds() - start) * 1e3);
  return 0;
}
