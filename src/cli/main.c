/* qep-solve: the program. */
#include "qep/base/version.h"

#include <stdio.h>

int main(void) {
    printf("qep-solve %s\n", qep_version());
    return 0;
}
