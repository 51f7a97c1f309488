"""Words of quizzes and exercises, the same in a page and in its Colab edition."""

QUIZ = "퀴즈"
SEVERAL = "(모두 고르세요)"
RIGHT, WRONG = "✓ 정답", "✗ 오답"
EXERCISE, SOLUTION = "직접 해 보기", "풀이"
