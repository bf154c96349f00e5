// Wide strings, and text from formats: for drivers' sources alone.
#pragma once

#include <stdio.h>
#include <string.h>
