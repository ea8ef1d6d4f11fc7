# Writes what the program says of its commands into files: manual pages to TO/man1, completion to TO/completions.
#   cmake -D PROGRAM=build/release/bitloom -D TO=FOLDER -P cmake/Pages.cmake
set(ENV{ASAN_OPTIONS} detect_leaks=0)

function(write_page path)
  execute_process(COMMAND ${PROGRAM} help ${ARGN} OUTPUT_VARIABLE text RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${PROGRAM} help ${ARGN} ended with ${status}")
  endif()
  file(WRITE ${path} "${text}")
endfunction()

# The commands are the lines of the list that `bitloom help` prints: two spaces and a name.
execute_process(COMMAND ${PROGRAM} help OUTPUT_VARIABLE list)
string(REGEX REPLACE "\noptions:.*" "" list "${list}")
string(REGEX MATCHALL "\n  [a-z]+" commands "${list}")
if(NOT commands)
  message(FATAL_ERROR "${PROGRAM} help lists no commands")
endif()

file(REMOVE_RECURSE ${TO})
write_page(${TO}/man1/bitloom.1 --man)
foreach(command ${commands})
  string(STRIP "${command}" command)
  write_page(${TO}/man1/bitloom-${command}.1 --man ${command})
endforeach()
write_page(${TO}/completions/bitloom --bash)
