/* Holds the namespaces of a pod. It is process 1 in them, or of all processes of the pod if they share one namespace:
   so it buries those whose parents have died, and nothing ends it but a signal that it waits for. */
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>

int main(void) {
  sigset_t awaited;
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGCHLD);
  sigaddset(&awaited, SIGINT);
  sigaddset(&awaited, SIGTERM);
  /* Blocked, they are kept until they are asked for; to a process 1 the kernel would not bring them otherwise. */
  sigprocmask(SIG_BLOCK, &awaited, NULL);
  for (;;) {
    int number;
    if (sigwait(&awaited, &number) != 0)
      return 1;
    if (number != SIGCHLD)
      return 0;
    while (waitpid(-1, NULL, WNOHANG) > 0)
      continue;
  }
}
